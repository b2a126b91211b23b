// @ts-check
import { appendFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

import { createOnnxSession, serveSession } from '@virnucpro/gpu-worker/session';

/**
 * The real session, which writes down what it is asked for: a line with the options it was opened with, then a line per
 * pack, the one of the warm-up first. PACKS_FILE names the file.
 */
const file = process.env['PACKS_FILE'] ?? '';

await serveSession(workerData, async (options) => {
  const session = await createOnnxSession(options);
  appendFileSync(file, `${JSON.stringify(options)}\n`);
  return {
    ...session,
    run: (pack) => {
      const { inputIds, positionIds, cuSeqlens } = pack;
      const line = [Array.from(inputIds), Array.from(positionIds, Number), Array.from(cuSeqlens)];
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      return session.run(pack);
    },
  };
});
