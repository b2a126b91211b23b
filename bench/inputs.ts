import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { seededRandom } from '../test/faults/random.ts';

const RESIDUES = 'LAGVSERTIDPKQNFYMHWC';

/** Lengths as they occur, in residues. */
export const MIXES = {
  /** Translated 150 nt reads. */
  'equal 49': () => 49,
  /** Open reading frames of short reads. */
  'ORFs 10-99': (random: () => number) => 10 + Math.floor(90 * random()),
  /** Log-normal with mean 337, as in proteomes. */
  'proteins, mean 337': (random: () => number) =>
    Math.min(1022, Math.max(20, Math.round(Math.exp(5.62 + 0.66 * gaussian(random))))),
} as const satisfies Record<string, (random: () => number) => number>;

export type Mix = keyof typeof MIXES;

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Token lengths, BOS and EOS included. */
export function tokenLengths(mix: Mix, count: number, seed = 1): Uint32Array {
  const random = seededRandom(seed);
  return Uint32Array.from({ length: count }, () => MIXES[mix](random) + 2);
}

export interface FastaOptions {
  readonly path: string;
  readonly mix: Mix;
  readonly records: number;
  /** Share of records that repeat an earlier one's residues. */
  readonly duplicates?: number;
  readonly seed?: number;
}

/** Writes a protein FASTA file, 60 residues a line. */
export async function writeFasta({
  path,
  mix,
  records,
  duplicates = 0,
  seed = 1,
}: FastaOptions): Promise<void> {
  const random = seededRandom(seed);
  const file = await open(path, 'w');
  const recent: string[] = [];
  let buffered: string[] = [];
  for (let record = 0; record < records; record += 1) {
    const repeated = recent.length > 0 && random() < duplicates;
    const sequence = repeated
      ? recent[Math.floor(random() * recent.length)]!
      : randomSequence(MIXES[mix](random), random);
    if (!repeated) recent.push(sequence);
    if (recent.length > 500) recent.shift();
    buffered.push(`>seq${record} simulated\n${sequence.replace(/.{60}(?=.)/g, '$&\n')}\n`);
    if (buffered.length < 5000) continue;
    await file.write(buffered.join(''));
    buffered = [];
  }
  await file.write(buffered.join(''));
  await file.close();
}

function randomSequence(length: number, random: () => number): string {
  let sequence = '';
  for (let at = 0; at < length; at += 1) sequence += RESIDUES[Math.floor(random() * RESIDUES.length)]!;
  return sequence;
}

/** A folder that is gone afterwards. */
export async function inTemporaryDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'virnucpro-bench-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
