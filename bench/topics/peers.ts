import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { writeRandomModel } from '@virnucpro/model';

import { inTemporaryDirectory } from '../inputs.ts';
import type { Cell, Topic } from '../topic.ts';
import {
  lengthsOf,
  openCpuSession,
  packed,
  randomTokens,
  rateOf,
  SHAPES,
  TOKENS,
  type ShapeName,
} from '../cpu-session.ts';

const PEERS = join(import.meta.dirname, '../peers');
const PYTHON = process.env['BENCH_PYTHON'] ?? 'python3';
const THREADS = 1;

/** Tokens/s by the order of the sequences, as a peer prints it. */
type Rates = Readonly<Record<string, number>>;

const run = promisify(execFile);

export const peersTopic: Topic = {
  name: 'peers',
  question: 'tokens/s on this CPU against other programs, on the same weights, sequences and threads?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const rows: Cell[][] = [];
      const missing = new Set<string>();
      for (const name of ['t6_8M', 't12_35M'] as const) {
        for (const mix of ['ORFs 10-99', 'proteins, mean 337'] as const) {
          const sequences = lengthsOf(mix, TOKENS[name]).map(randomTokens);
          const ours = await rateOfOurs(directory, name, sequences);
          rows.push([name, mix, 'ours, packed', ours, 1]);
          for (const [peer, measure] of Object.entries(PEER_PROGRAMS)) {
            const rates = await measure(join(directory, name), directory, sequences).catch(
              (error: unknown) => {
                missing.add(`${peer}: ${firstLine(error)}`);
                return {};
              },
            );
            for (const [order, rate] of Object.entries(rates))
              rows.push([name, mix, `${peer}, padded batches of 16, ${order}`, rate, rate / ours]);
          }
        }
      }
      return {
        columns: ['shape', 'lengths', 'how', 'tokens/s', 'times ours'],
        rows,
        notes: [
          `${THREADS} thread, float32, random weights; the best of two or three rounds, without loading. Peers leave out the mean over residues, ours has it.`,
          ...[...missing].map((what) => `not here: ${what} (docs/benchmarks.md says how to install it)`),
        ],
      };
    }),
};

const PEER_PROGRAMS: Readonly<
  Record<string, (model: string, directory: string, sequences: readonly number[][]) => Promise<Rates>>
> = {
  'transformers.js': async (model, directory, sequences) => {
    const exported = `${model}-onnx`;
    if ((await stat(exported).catch(() => null)) === null)
      await run(PYTHON, [join(PEERS, 'pytorch.py'), 'export', model, exported]);
    return ratesOf(process.execPath, 'transformers-js.mjs', exported, directory, sequences);
  },
  'PyTorch + transformers': (model, directory, sequences) =>
    ratesOf(PYTHON, 'pytorch.py', model, directory, sequences, ['time']),
};

async function ratesOf(
  program: string,
  script: string,
  model: string,
  directory: string,
  sequences: readonly number[][],
  command: readonly string[] = [],
): Promise<Rates> {
  const file = join(directory, 'sequences.json');
  await writeFile(file, JSON.stringify(sequences));
  const { stdout } = await run(program, [join(PEERS, script), ...command, model, file, String(THREADS)]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Rates;
}

async function rateOfOurs(
  directory: string,
  name: ShapeName,
  sequences: readonly number[][],
): Promise<number> {
  const model = join(directory, name);
  await writeRandomModel(model, SHAPES[name]);
  const session = await openCpuSession(model, directory);
  const lengths = sequences.map(({ length }) => length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  let best = 0;
  for (let round = 0; round < 3; round += 1)
    best = Math.max(best, await rateOf(session, packed(lengths), tokens));
  await session.close();
  return best;
}

function firstLine(error: unknown): string {
  const lines = String((error as { stderr?: unknown }).stderr ?? error)
    .trim()
    .split('\n');
  return lines.at(-1) ?? '';
}
