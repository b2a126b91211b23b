// @ts-check
// transformers.js on the same weights, sequences and threads: prints {"order": tokens/s, ...}.
// usage: transformers-js.mjs MODEL SEQUENCES.json THREADS
import { readFile } from 'node:fs/promises';

import { AutoModel, env, Tensor } from '@huggingface/transformers';

const BATCH = 16;
const ROUNDS = 2;
const PAD = 1;

const [directory, sequencesPath, threads] = process.argv.slice(2);
env.allowRemoteModels = false;
const model = await AutoModel.from_pretrained(directory, {
  dtype: 'fp32',
  device: 'cpu',
  session_options: { intraOpNumThreads: Number(threads), interOpNumThreads: 1 },
});
const sequences = JSON.parse(await readFile(sequencesPath, 'utf8'));
const orders = { 'file order': sequences, sorted: sequences.toSorted((a, b) => b.length - a.length) };
await measure(sequences.slice(0, BATCH));
const best = {};
for (const [name, order] of Object.entries(orders)) {
  best[name] = 0;
  for (let round = 0; round < ROUNDS; round += 1) best[name] = Math.max(best[name], await measure(order));
}
console.log(JSON.stringify(best));

/** @param {number[][]} order */
async function measure(order) {
  const startedMs = performance.now();
  let tokens = 0;
  for (let first = 0; first < order.length; first += BATCH) {
    const batch = order.slice(first, first + BATCH);
    tokens += batch.reduce((sum, { length }) => sum + length, 0);
    await model(padded(batch));
  }
  return tokens / ((performance.now() - startedMs) / 1000);
}

/** @param {number[][]} batch */
function padded(batch) {
  const longest = Math.max(...batch.map(({ length }) => length));
  const dims = [batch.length, longest];
  const ids = new BigInt64Array(batch.length * longest).fill(BigInt(PAD));
  const mask = new BigInt64Array(ids.length);
  for (const [row, tokens] of batch.entries()) {
    for (const [at, token] of tokens.entries()) {
      ids[row * longest + at] = BigInt(token);
      mask[row * longest + at] = 1n;
    }
  }
  return { input_ids: new Tensor('int64', ids, dims), attention_mask: new Tensor('int64', mask, dims) };
}
