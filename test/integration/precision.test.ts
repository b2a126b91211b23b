import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { changedModel } from '../program/changed-model.ts';
import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { cosine, maxAbsoluteDifference, readNumpy, row } from '../program/numpy.ts';
import { killRunningPrograms, outputHashes, runProgram, type ProgramResult } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { withResidue } from '../program/with-residue.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

function run(out: string, ...args: string[]): Promise<ProgramResult> {
  const fixed = ['--device', 'cpu', '--threads-per-worker', '1'];
  const budget = args.includes('--token-budget') ? [] : ['--token-budget', '2048'];
  return runProgram([PHAGE_PROTEINS, '-o', out, ...fixed, ...budget, ...args], {
    env: { VIRNUCPRO_CACHE_DIR: join(dirname(out), 'cache') },
  });
}

async function embed(name: string, ...args: string[]): Promise<string> {
  const out = directory.path(name);
  const { code, stderr } = await run(out, ...args);
  if (code !== 0) throw new Error(stderr);
  return out;
}

const TINY = ['--model', TINY_MODEL];

test('a run in int8 gives the same bytes for one worker and for two with other packs, close to fp32', async () => {
  const int8 = [...TINY, '--precision', 'int8', '--workers'];
  const [exact, one, two] = [
    await embed('fp32', ...TINY),
    await embed('one', ...int8, '1'),
    await embed('two', ...int8, '2', '--token-budget', '512'),
  ];
  expect(await outputHashes(two)).toEqual(await outputHashes(one));
  const [rows, expected] = [
    await readNumpy(`${one}/embeddings.npy`),
    await readNumpy(`${exact}/embeddings.npy`),
  ];
  for (let index = 0; index < expected.shape[0]!; index += 1)
    expect(cosine(row(rows, index), row(expected, index))).toBeGreaterThan(0.999);
  expect(maxAbsoluteDifference(rows.data, expected.data)).toBeGreaterThan(1e-4);
}, 60_000);

describe('a run in fp16', () => {
  /** Runs with one worker and with two, which begin together; these tests only read them. */
  let [shared, one, two] = ['', '', ''];
  let results: readonly ProgramResult[] = [];
  beforeAll(async () => {
    shared = await mkdtemp(join(tmpdir(), 'virnucpro-precision-'));
    [one, two] = [join(shared, 'one'), join(shared, 'two')];
    const args = [...TINY, '--precision', 'fp16', '--workers'];
    results = await Promise.all([run(one, ...args, '1'), run(two, ...args, '2')]);
  }, 60_000);
  afterAll(() => rm(shared, { recursive: true, force: true }));

  test('gives the same bytes for one and two workers, close to fp32', async () => {
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(await outputHashes(two)).toEqual(await outputHashes(one));
    const exact = await readNumpy(`${await embed('fp32', ...TINY)}/embeddings.npy`);
    const half = await readNumpy(`${one}/embeddings.npy`);
    for (let index = 0; index < exact.shape[0]!; index += 1)
      expect(cosine(row(half, index), row(exact, index))).toBeGreaterThan(0.9999);
    expect(maxAbsoluteDifference(half.data, exact.data)).toBeGreaterThan(1e-4);
  });

  test('is not gone on with in fp32', async () => {
    const other = await run(one, ...TINY);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('precision: it was fp16, now fp32');
  });

  test('converts the weights once for two runs that begin together', async () => {
    expect(results.flatMap(({ stderr }) => stderr.match(/converting the weights/g) ?? [])).toHaveLength(1);
    expect(await readdir(join(shared, 'cache', 'fp16'))).toHaveLength(1);
  });

  test('computes rows that overflow in fp32, and no others', async () => {
    // Together they are over 65504 in one column, where there is a tryptophan; each alone is a float16.
    const model = directory.path('overflowing');
    const tryptophan = 22;
    await changedModel(TINY_MODEL, model, [
      { tensor: 'word_embeddings.weight', at: 64 * tryptophan, value: 60_000 },
      { tensor: 'layer.0.attention.output.dense.bias', at: 0, value: 30_000 },
    ]);
    const exact = await readNumpy(`${await embed('exact', '--model', model)}/embeddings.npy`);
    const half = await readNumpy(
      `${await embed('half', '--model', model, '--precision', 'fp16')}/embeddings.npy`,
    );
    const overflowing = await withResidue(PHAGE_PROTEINS, 'W');
    const count = overflowing.filter(Boolean).length;
    expect(count).toBeGreaterThan(20);
    expect(count).toBeLessThan(226);
    overflowing.forEach((overflows, index) => {
      const isExact = maxAbsoluteDifference(row(half, index), row(exact, index)) === 0;
      expect([index, isExact]).toEqual([index, overflows]);
    });
  });
});
