import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { compareRuns, validatePackedEquivalence } from './compare-runs.ts';
import { rowDifference } from './row-difference.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-compare-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Row {
  readonly ordinal: number;
  readonly residues: number;
  readonly embedding: readonly number[];
}

/** The results of a run, as numpy would read them. */
async function writeRun(name: string, rows: readonly Row[]): Promise<string> {
  const width = rows[0]?.embedding.length ?? 2;
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${width}), }\n`;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  const numbers = Float32Array.from(rows.flatMap(({ embedding }) => embedding));
  const lines = rows.map(
    ({ ordinal, residues }, row) => `${row}\trecord${ordinal}\t${residues}\tfalse\tin.faa\t${ordinal}`,
  );
  await mkdir(join(directory, name));
  await writeFile(
    join(directory, name, 'embeddings.npy'),
    Buffer.concat([start, Buffer.from(header), Buffer.from(numbers.buffer)]),
  );
  await writeFile(
    join(directory, name, 'sequences.tsv'),
    ['row\tid\tresidues\ttruncated\tfile\tordinal', ...lines, ''].join('\n'),
  );
  return join(directory, name);
}

/** A unit vector at an angle. */
const at = (ordinal: number, residues: number, angle: number): Row => ({
  ordinal,
  residues,
  embedding: [Math.cos(angle), Math.sin(angle)],
});

describe('two runs', () => {
  test('are compared per sequence and length, many rows of them', async () => {
    const rows = Array.from({ length: 700 }, (_, ordinal) => at(ordinal, 10 + (ordinal % 60), ordinal));
    const turned = rows.map((row) => (row.ordinal === 600 ? at(600, row.residues, 600.1) : row));
    const [reference, candidate] = [await writeRun('a', rows), await writeRun('b', turned)];
    const found = await compareRuns({ reference, candidate, embeddingDim: 2 }, 0.99);
    expect(found).toMatchObject({ sequences: 700, missing: 0, worstId: 'record600', isEquivalent: true });
    expect(found.worstCosine).toBeCloseTo(Math.cos(0.1), 5);
    expect(
      found.bins.map(({ fromResidues, toResidues, sequences }) => [fromResidues, toResidues, sequences]),
    ).toEqual([
      [1, 25, 192],
      [26, 50, 299],
      [51, 100, 209],
    ]);
    // 600 % 60 = 0: ten residues.
    expect(found.bins.map(({ worstCosine }) => worstCosine > 0.999999)).toEqual([false, true, true]);
    expect((await validatePackedEquivalence({ reference, candidate, embeddingDim: 2 })).isEquivalent).toBe(
      false,
    );
  });

  test('may each lack rows that the other has: those of the reference are missed', async () => {
    const rows = Array.from({ length: 9 }, (_, ordinal) => at(ordinal, 900, ordinal));
    const reference = await writeRun(
      'a',
      rows.filter(({ ordinal }) => ordinal !== 2 && ordinal !== 3),
    );
    const candidate = await writeRun(
      'b',
      rows.filter(({ ordinal }) => ordinal !== 0 && ordinal !== 8),
    );
    const found = await compareRuns({ reference, candidate, embeddingDim: 2 }, 0.99);
    expect(found).toMatchObject({ sequences: 5, missing: 2, isEquivalent: false });
    expect(found.worstCosine).toBeCloseTo(1, 12);
    expect(found.bins).toMatchObject([{ fromResidues: 801, toResidues: null, sequences: 5 }]);
  });
});

test.each([
  [[1, 2], [2, 4], { cosine: 1, maxAbsolute: 2 }],
  [[1, 0], [0, 1], { cosine: 0, maxAbsolute: 1 }],
  [[1, 0], [-3, 0], { cosine: -1, maxAbsolute: 4 }],
  [[0, 0], [0, 0], { cosine: 1, maxAbsolute: 0 }],
  [[0, 0], [0, 1], { cosine: 0, maxAbsolute: 1 }],
])('%j against %j', (row, reference, expected) => {
  const difference = rowDifference(Float32Array.from(row), Float32Array.from(reference));
  expect(difference.cosine).toBeCloseTo(expected.cosine, 12);
  expect(difference.maxAbsolute).toBe(expected.maxAbsolute);
});
