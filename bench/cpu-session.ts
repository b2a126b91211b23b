import { join } from 'node:path';

import { createOnnxSession, type InferenceSession } from '@virnucpro/gpu-worker';
import { prepareModel, type EsmShape } from '@virnucpro/model';
import type { Precision } from '@virnucpro/protocol';
import { CPU_TOKEN_BUDGET, packBestFitDecreasing } from '@virnucpro/packing';

import { layOutPack } from '../packages/gpu-worker/src/collate/varlen-collator.ts';
import { seededRandom } from '../test/faults/random.ts';
import { tokenLengths, type Mix } from './inputs.ts';

export type ShapeName = 't6_8M' | 't12_35M';

export const SHAPES: Readonly<Record<ShapeName, EsmShape>> = {
  t6_8M: { hiddenSize: 320, intermediateSize: 1280, layers: 6, heads: 20 },
  t12_35M: { hiddenSize: 480, intermediateSize: 1920, layers: 12, heads: 20 },
};

/** Enough for a steady rate on one core, few enough for a coffee. */
export const TOKENS: Readonly<Record<ShapeName, number>> = { t6_8M: 30_000, t12_35M: 12_000 };

/** Sequence lengths of each forward pass. */
export type Plan = readonly (readonly number[])[];

export function packed(lengths: readonly number[]): Plan {
  return packBestFitDecreasing(Uint32Array.from(lengths), CPU_TOKEN_BUDGET).map(({ indices }) =>
    [...indices].map((index) => lengths[index]!),
  );
}

/** One thread, float32 rows, mean over residues. */
export async function openCpuSession(
  model: string,
  cacheDirectory: string,
  precision: Precision = 'fp32',
): Promise<InferenceSession> {
  const prepared = await prepareModel({
    model,
    cacheDirectory: join(cacheDirectory, 'cache'),
    precision,
    pooling: 'mean',
    outputDtype: 'float32',
    maxResidues: 1022,
    onProgress: () => undefined,
  });
  return createOnnxSession({
    graphPath: prepared.graphPaths.cpu,
    fallbackGraphPath: prepared.fallbackGraphPaths?.cpu ?? null,
    provider: 'cpu',
    threads: 1,
    disablePrepacking: false,
    embeddingDim: prepared.embeddingDim,
    dtype: 'float32',
  });
}

/** Tokens/s of one pass over the plan; `tokens` are those that are wanted, without padding. */
export async function rateOf(session: InferenceSession, plan: Plan, tokens: number): Promise<number> {
  const startedMs = performance.now();
  for (const lengths of plan) await session.run(packOf(lengths));
  return tokens / ((performance.now() - startedMs) / 1000);
}

/** Of all mixes: ten residues, BOS and EOS. */
const SHORTEST_TOKENS = 12;

/** Lengths of a mix, as many as make up these tokens. */
export function lengthsOf(mix: Mix, tokens: number): number[] {
  const lengths = tokenLengths(mix, Math.ceil(tokens / SHORTEST_TOKENS));
  const taken: number[] = [];
  for (let sum = 0; sum < tokens; sum += taken.at(-1)!) taken.push(lengths[taken.length]!);
  return taken;
}

/** Tokens of a sequence: BOS, residues, EOS. */
export function randomTokens(length: number, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length }, (_, at) =>
    at === 0 ? 0 : at === length - 1 ? 2 : 4 + Math.floor(20 * random()),
  );
}

function packOf(lengths: readonly number[]) {
  const sequences = lengths.map((length, recordIndex) => ({
    id: String(recordIndex),
    recordIndex,
    tokens: Uint8Array.from(randomTokens(length, recordIndex)),
  }));
  return layOutPack(sequences, 0, false);
}
