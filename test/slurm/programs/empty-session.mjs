// @ts-check
import { workerData } from 'node:worker_threads';

import { serveSession } from '@virnucpro/gpu-worker/session';

/** A device whose rows are zeros. */
await serveSession(workerData, async ({ embeddingDim, dtype }) => ({
  deviceName: 'no device',
  close: async () => undefined,
  run: async ({ cuSeqlens }) =>
    new Uint8Array((cuSeqlens.length - 1) * embeddingDim * (dtype === 'float32' ? 4 : 2)),
}));
