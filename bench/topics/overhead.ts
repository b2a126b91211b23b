import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { writeRandomModel } from '@virnucpro/model';

import { runProgram } from '../../test/program/run-program.ts';
import { lengthsOf, SHAPES, type ShapeName } from '../cpu-session.ts';
import { inTemporaryDirectory, writeFasta, type Mix } from '../inputs.ts';
import type { Report } from '../simulated-run.ts';
import { medianOf, type Cell, type Topic } from '../topic.ts';

const ROUNDS = 3;
/** About a quarter of a minute of one core each: what start and end take is not what is asked for. */
const TOKENS: Readonly<Record<ShapeName, number>> = { t6_8M: 120_000, t12_35M: 30_000 };
const PROGRAMS = join(import.meta.dirname, '../programs');

export const overheadTopic: Topic = {
  name: 'overhead',
  question: 'what does the tool take from a bare loop over the same packs?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const rows: Cell[][] = [];
      for (const name of ['t6_8M', 't12_35M'] as const) {
        const model = join(directory, name);
        await writeRandomModel(model, SHAPES[name]);
        for (const mix of ['ORFs 10-99', 'proteins, mean 337'] as const)
          rows.push([name, mix, ...(await compare({ directory, model, mix, tokens: TOKENS[name] }))]);
      }
      return {
        columns: [
          'shape',
          'lengths',
          'tokens',
          'bare',
          'tool',
          'tool / bare',
          'lowest',
          'highest',
          'computing',
        ],
        rows,
        notes: [
          'Bare: a process that opens the session, has all packs in memory and computes one after the other. It gets the packs of the tool.',
          'Tool: from the first pack to the end of the last shard: leases, loading, packing, messages, checkpoints with fsync.',
          `tokens/s, one worker, one thread; medians of ${ROUNDS} rounds, in which both take their turn; ratios are within a round.`,
          'Computing: the share of that time in which the session of the tool was at a pack.',
        ],
      };
    }),
};

interface Comparison {
  readonly directory: string;
  readonly model: string;
  readonly mix: Mix;
  readonly tokens: number;
}

async function compare({ directory, model, mix, tokens }: Comparison): Promise<Cell[]> {
  const input = join(directory, 'input.faa');
  await writeFasta({ path: input, mix, records: lengthsOf(mix, tokens).length });
  const arguments_ = argumentsFor(input, join(directory, 'out'), model);
  const packs = join(directory, `${mix}-${tokens}.jsonl`);
  await recordPacks(arguments_, packs);
  const rounds: { bare: number; tool: number; computing: number }[] = [];
  while (rounds.length < ROUNDS)
    rounds.push({ bare: await bareRate(packs), ...(await toolRate(arguments_, join(directory, 'out'))) });
  const ratios = rounds.map(({ bare, tool }) => tool / bare);
  return [
    tokens,
    medianOf(rounds.map(({ bare }) => bare)),
    medianOf(rounds.map(({ tool }) => tool)),
    medianOf(ratios),
    Math.min(...ratios),
    Math.max(...ratios),
    medianOf(rounds.map(({ computing }) => computing)),
  ];
}

function argumentsFor(input: string, out: string, model: string): string[] {
  return [
    ...[input, '-o', out, '--model', model, '--device', 'cpu', '--workers', '1'],
    ...['--threads-per-worker', '1', '--force-restart', '--no-progress'],
  ];
}

async function recordPacks(arguments_: readonly string[], file: string): Promise<void> {
  const { code, stderr } = await runProgram(arguments_, {
    entry: join(PROGRAMS, 'simulated-program.mjs'),
    env: { PACKS_FILE: file, SESSION_THREAD: 'recording-session.mjs' },
  });
  if (code !== 0) throw new Error(stderr);
}

async function bareRate(packs: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(PROGRAMS, 'bare-loop.mjs'), packs]);
  return Number(stdout);
}

async function toolRate(
  arguments_: readonly string[],
  out: string,
): Promise<{ readonly tool: number; readonly computing: number }> {
  const { code, stderr } = await runProgram(arguments_);
  if (code !== 0) throw new Error(stderr);
  const { computed } = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
  return {
    tool: computed.tokens / (computed.liveMs / 1000),
    computing: computed.busyMs / computed.liveMs,
  };
}
