// @ts-check
import { readFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

import { createOnnxSession, serveSession } from '@virnucpro/gpu-worker/session';

/** A real session on the CPU that has memory for so many tokens at once as a file says. */
const { TEST_ROOM } = process.env;
const room = () => (TEST_ROOM === undefined ? Infinity : Number(readFileSync(TEST_ROOM, 'utf8')));
const slowMs = Number(process.env['TEST_SLOW_MS'] ?? 0);

await serveSession(workerData, async (options) => {
  // The graph for CUDA has operators that a CPU lacks; its neighbour computes the same.
  const graphPath = options.graphPath.replace(/model-cuda\.onnx$/, 'model.onnx');
  const session = await createOnnxSession({ ...options, graphPath, provider: 'cpu' });
  return {
    deviceName: 'simulated GPU',
    close: () => session.close(),
    run: async (input) => {
      if (input.inputIds.length > room())
        throw new Error('BFCArena: Failed to allocate memory for requested buffer (simulated)');
      if (slowMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slowMs);
      return session.run(input);
    },
  };
});
