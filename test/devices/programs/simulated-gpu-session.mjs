// @ts-check
import { workerData } from 'node:worker_threads';

import { createOnnxSession, serveSession } from '@virnucpro/gpu-worker';

/** A real session on the CPU that has memory for so many tokens at once. */
const room = Number(process.env['TEST_DEVICE_TOKENS'] ?? 'Infinity');

await serveSession(workerData, async (options) => {
  const session = await createOnnxSession({ ...options, provider: 'cpu' });
  return {
    deviceName: 'simulated GPU',
    close: () => session.close(),
    run: async (input) => {
      if (input.inputIds.length > room)
        throw new Error('BFCArena: Failed to allocate memory for requested buffer (simulated)');
      return session.run(input);
    },
  };
});
