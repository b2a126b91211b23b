// @ts-check
import { readFileSync } from 'node:fs';

import { createOnnxSession } from '@virnucpro/gpu-worker/session';

/** What one would write without an orchestrator: opens the session and computes the packs of a file. Prints tokens/s. */
const [options, ...packs] = readFileSync(process.argv[2] ?? '', 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
const [warmUp, ...inputs] = packs.map(([inputIds, positionIds, cuSeqlens]) => ({
  inputIds: Uint8Array.from(inputIds),
  positionIds: BigInt64Array.from(positionIds, BigInt),
  cuSeqlens: Int32Array.from(cuSeqlens),
}));
const session = await createOnnxSession(options);
if (warmUp !== undefined) await session.run(warmUp);

const startedMs = performance.now();
let tokens = 0;
for (const input of inputs) {
  await session.run(input);
  tokens += input.inputIds.length;
}
console.log(tokens / ((performance.now() - startedMs) / 1000));
await session.close();
