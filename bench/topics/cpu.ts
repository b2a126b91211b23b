import { join } from 'node:path';

import type { InferenceSession } from '@virnucpro/gpu-worker';
import { writeRandomModel } from '@virnucpro/model';
import { CPU_TOKEN_BUDGET, packSimilarLengths } from '@virnucpro/packing';

import { lengthsOf, openCpuSession, packed, rateOf, SHAPES, TOKENS, type Plan } from '../cpu-session.ts';
import { inTemporaryDirectory } from '../inputs.ts';
import { medianOf, type Cell, type Topic } from '../topic.ts';

const BATCH = 16;
const ROUNDS = 3;
const OURS = 'packed (ours)';
const INT8 = 'packed, --precision int8';

function padded(lengths: readonly number[]): Plan {
  const batches: number[][] = [];
  for (let from = 0; from < lengths.length; from += BATCH) {
    const batch = lengths.slice(from, from + BATCH);
    batches.push(batch.map(() => Math.max(...batch)));
  }
  return batches;
}

const PLANS: Readonly<Record<string, (lengths: readonly number[]) => Plan>> = {
  [OURS]: packed,
  'packed, similar lengths together': (lengths) =>
    packSimilarLengths(lengths, CPU_TOKEN_BUDGET, { quadraticShare: 1 / 2000 }).map(({ indices }) =>
      [...indices].map((index) => lengths[index]!),
    ),
  'one by one': (lengths) => lengths.map((length) => [length]),
  'padded batches of 16, file order': (lengths) => padded(lengths),
  'padded batches of 16, sorted': (lengths) => padded(lengths.toSorted((a, b) => b - a)),
};

export const cpuTopic: Topic = {
  name: 'cpu',
  question: 'tokens/s on this CPU, packed against its alternatives?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const rows: Cell[][] = [];
      for (const name of ['t6_8M', 't12_35M'] as const) {
        const model = join(directory, name);
        await writeRandomModel(model, SHAPES[name]);
        const [session, int8] = [
          await openCpuSession(model, directory),
          await openCpuSession(model, directory, 'int8'),
        ];
        for (const mix of ['ORFs 10-99', 'proteins, mean 337'] as const) {
          const lengths = lengthsOf(mix, TOKENS[name]);
          const rounds = await measure(session, int8, lengths);
          for (const way of [...Object.keys(PLANS), INT8]) {
            const rates = rounds.map((round) => round[way]!);
            const ratios = rounds.map((round) => round[way]! / round[OURS]!);
            rows.push([
              name,
              mix,
              way,
              medianOf(rates),
              medianOf(ratios),
              Math.min(...ratios),
              Math.max(...ratios),
            ]);
          }
        }
        await session.close();
        await int8.close();
      }
      return {
        columns: ['shape', 'lengths', 'how', 'tokens/s', 'times ours', 'lowest', 'highest'],
        rows,
        notes: [
          'One thread, one graph: padded batches are the same graph with every sequence as long as the longest of its batch.',
          `Medians of ${ROUNDS} rounds, in each of which all ways take their turn; ratios are within a round.`,
        ],
      };
    }),
};

type Rates = Readonly<Record<string, number>>;

async function measure(
  session: InferenceSession,
  int8: InferenceSession,
  lengths: readonly number[],
): Promise<readonly Rates[]> {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const rounds: Rates[] = [];
  while (rounds.length < ROUNDS) {
    const rates: Record<string, number> = {};
    for (const [name, plan] of Object.entries(PLANS))
      rates[name] = await rateOf(session, plan(lengths), tokens);
    rates[INT8] = await rateOf(int8, packed(lengths), tokens);
    rounds.push(rates);
  }
  return rounds;
}
