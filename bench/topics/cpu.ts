import { join } from 'node:path';

import { createOnnxSession, type InferenceSession } from '@virnucpro/gpu-worker';
import { prepareModel, writeRandomModel, type EsmShape } from '@virnucpro/model';
import { CPU_TOKEN_BUDGET, packBestFitDecreasing } from '@virnucpro/packing';

import { layOutPack } from '../../packages/gpu-worker/src/collate/varlen-collator.ts';
import { inTemporaryDirectory, tokenLengths, writeFasta, type Mix } from '../inputs.ts';
import { runProgram } from '../../test/program/run-program.ts';
import { seededRandom } from '../../test/faults/random.ts';
import type { Cell, Topic } from '../topic.ts';
import { readFile } from 'node:fs/promises';

const SHAPES: Readonly<Record<string, EsmShape>> = {
  t6_8M: { hiddenSize: 320, intermediateSize: 1280, layers: 6, heads: 20 },
  t12_35M: { hiddenSize: 480, intermediateSize: 1920, layers: 12, heads: 20 },
};
const TOKENS: Readonly<Record<string, number>> = { t6_8M: 20_000, t12_35M: 11_000 };
const BUDGET = CPU_TOKEN_BUDGET;
const BATCH = 16;

/** Sequence lengths of each forward pass. */
type Plan = readonly (readonly number[])[];

function padded(lengths: readonly number[]): Plan {
  const batches: number[][] = [];
  for (let from = 0; from < lengths.length; from += BATCH) {
    const batch = lengths.slice(from, from + BATCH);
    batches.push(batch.map(() => Math.max(...batch)));
  }
  return batches;
}

const PLANS: Readonly<Record<string, (lengths: readonly number[]) => Plan>> = {
  'packed (ours)': (lengths) =>
    packBestFitDecreasing(Uint32Array.from(lengths), BUDGET).map(({ indices }) =>
      [...indices].map((i) => lengths[i]!),
    ),
  'one by one': (lengths) => lengths.map((length) => [length]),
  'padded batches of 16, file order': (lengths) => padded(lengths),
  'padded batches of 16, sorted': (lengths) => padded(lengths.toSorted((a, b) => b - a)),
};

export const cpuTopic: Topic = {
  name: 'cpu',
  question: 'tokens/s on this CPU, packed against its alternatives, and what the tool adds to a bare loop?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const rows: Cell[][] = [];
      for (const [name, shape] of Object.entries(SHAPES)) {
        const model = join(directory, name);
        await writeRandomModel(model, shape);
        const session = await openSession(model, directory);
        for (const mix of ['ORFs 10-99', 'proteins, mean 337'] as const) {
          const lengths = upTo(tokenLengths(mix, 2000), TOKENS[name]!);
          const rates = await measure(session, lengths);
          const tool = await toolRate(directory, model, mix, lengths.length);
          const ours = rates['packed (ours)']!;
          for (const [plan, rate] of Object.entries(rates)) rows.push([name, mix, plan, rate, rate / ours]);
          rows.push([name, mix, 'the tool, end to end, one worker', tool, tool / ours]);
        }
        await session.close();
      }
      return {
        columns: ['shape', 'lengths', 'how', 'tokens/s', 'times ours'],
        rows,
        notes: [
          'One thread, one graph: padded batches are the same graph with every sequence as long as the longest of its batch.',
          'Best of three rounds, the ways taken in turn. The tool: from the first pack to the last shard, everything included.',
        ],
      };
    }),
};

async function openSession(model: string, directory: string): Promise<InferenceSession> {
  const prepared = await prepareModel({
    model,
    cacheDirectory: join(directory, 'cache'),
    pooling: 'mean',
    outputDtype: 'float32',
    maxResidues: 1022,
    onProgress: () => undefined,
  });
  return createOnnxSession({
    graphPath: prepared.graphPath,
    provider: 'cpu',
    threads: 1,
    disablePrepacking: false,
    embeddingDim: prepared.embeddingDim,
    dtype: 'float32',
  });
}

function upTo(lengths: Uint32Array, tokens: number): number[] {
  const taken: number[] = [];
  for (let sum = 0; sum < tokens; sum += taken.at(-1)!) taken.push(lengths[taken.length]!);
  return taken;
}

async function measure(
  session: InferenceSession,
  lengths: readonly number[],
): Promise<Record<string, number>> {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const best: Record<string, number> = {};
  for (let round = 0; round < 3; round += 1) {
    for (const [name, plan] of Object.entries(PLANS)) {
      const startedMs = performance.now();
      for (const pack of plan(lengths)) await session.run(packOf(pack));
      const rate = tokens / ((performance.now() - startedMs) / 1000);
      best[name] = Math.max(best[name] ?? 0, rate);
    }
  }
  return best;
}

function packOf(lengths: readonly number[]) {
  const random = seededRandom(lengths.length);
  const sequences = lengths.map((length, recordIndex) => ({
    id: String(recordIndex),
    recordIndex,
    tokens: Uint8Array.from({ length }, (_, at) =>
      at === 0 ? 0 : at === length - 1 ? 2 : 4 + Math.floor(20 * random()),
    ),
  }));
  return layOutPack(sequences, 0, false);
}

interface Report {
  readonly computed: { readonly tokens: number; readonly liveMs: number };
}

async function toolRate(directory: string, model: string, mix: Mix, records: number): Promise<number> {
  const input = join(directory, 'input.faa');
  await writeFasta({ path: input, mix, records: records * 2 });
  let best = 0;
  for (let round = 0; round < 2; round += 1) {
    const out = join(directory, `out-${round}`);
    const args = [
      '--device',
      'cpu',
      '--workers',
      '1',
      '--threads-per-worker',
      '1',
      '--token-budget',
      String(BUDGET),
    ];
    const { code, stderr } = await runProgram([
      input,
      '-o',
      out,
      '--model',
      model,
      ...args,
      '--force-restart',
      '--no-progress',
    ]);
    if (code !== 0) throw new Error(stderr);
    const { computed } = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
    best = Math.max(best, computed.tokens / (computed.liveMs / 1000));
  }
  return best;
}
