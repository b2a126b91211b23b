// @ts-check
import { workerData } from 'node:worker_threads';

import { serveSession } from '@virnucpro/gpu-worker/session';

/**
 * A device that takes a fixed time per pack and gives rows of the right shape: what is left to measure is the host.
 * SIMULATED_DEVICE: { msPerToken: number, msPerPack: number }
 */
const { msPerToken = 0, msPerPack = 0 } = JSON.parse(process.env['SIMULATED_DEVICE'] ?? '{}');
const slowdown = Number(process.env['SIMULATED_SLOWDOWN'] ?? 1);
const sleep = new Int32Array(new SharedArrayBuffer(4));

await serveSession(workerData, async ({ embeddingDim, dtype }) => ({
  deviceName: 'simulated device',
  close: async () => undefined,
  run: async ({ inputIds, cuSeqlens }) => {
    const untilMs = performance.now() + (msPerPack + msPerToken * inputIds.length) * slowdown;
    const rows = new Uint8Array((cuSeqlens.length - 1) * embeddingDim * (dtype === 'float32' ? 4 : 2));
    const leftMs = untilMs - performance.now();
    if (leftMs > 0) Atomics.wait(sleep, 0, 0, leftMs);
    return rows;
  },
}));
