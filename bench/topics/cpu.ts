import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { InferenceSession } from '@virnucpro/gpu-worker';
import { writeRandomModel } from '@virnucpro/model';
import { CPU_TOKEN_BUDGET, packSimilarLengths } from '@virnucpro/packing';

import { runProgram } from '../../test/program/run-program.ts';
import { lengthsOf, openCpuSession, packed, rateOf, SHAPES, TOKENS, type Plan } from '../cpu-session.ts';
import { inTemporaryDirectory, writeFasta, type Mix } from '../inputs.ts';
import type { Cell, Topic } from '../topic.ts';

const BATCH = 16;

function padded(lengths: readonly number[]): Plan {
  const batches: number[][] = [];
  for (let from = 0; from < lengths.length; from += BATCH) {
    const batch = lengths.slice(from, from + BATCH);
    batches.push(batch.map(() => Math.max(...batch)));
  }
  return batches;
}

const PLANS: Readonly<Record<string, (lengths: readonly number[]) => Plan>> = {
  'packed (ours)': packed,
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
  question: 'tokens/s on this CPU, packed against its alternatives, and what the tool adds to a bare loop?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const rows: Cell[][] = [];
      for (const name of ['t6_8M', 't12_35M'] as const) {
        const model = join(directory, name);
        await writeRandomModel(model, SHAPES[name]);
        const session = await openCpuSession(model, directory);
        for (const mix of ['ORFs 10-99', 'proteins, mean 337'] as const) {
          const lengths = lengthsOf(mix, TOKENS[name]);
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

async function measure(
  session: InferenceSession,
  lengths: readonly number[],
): Promise<Record<string, number>> {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const best: Record<string, number> = {};
  for (let round = 0; round < 3; round += 1) {
    for (const [name, plan] of Object.entries(PLANS)) {
      best[name] = Math.max(best[name] ?? 0, await rateOf(session, plan(lengths), tokens));
    }
  }
  return best;
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
    const args = ['--device', 'cpu', '--workers', '1', '--threads-per-worker', '1'];
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
