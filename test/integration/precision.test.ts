import { readdir } from 'node:fs/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { changedModel } from '../program/changed-model.ts';
import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { cosine, maxAbsoluteDifference, readNumpy, row } from '../program/numpy.ts';
import { killRunningPrograms, outputHashes, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { withResidue } from '../program/with-residue.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

function run(name: string, ...args: string[]) {
  const fixed = ['--device', 'cpu', '--threads-per-worker', '1', '--token-budget', '2048'];
  return runProgram([PHAGE_PROTEINS, '-o', directory.path(name), ...fixed, ...args], {
    env: { VIRNUCPRO_CACHE_DIR: directory.path('cache') },
  });
}

async function embed(name: string, ...args: string[]): Promise<string> {
  const { code, stderr } = await run(name, ...args);
  if (code !== 0) throw new Error(stderr);
  return directory.path(name);
}

const TINY = ['--model', TINY_MODEL];

describe('a run in fp16', () => {
  test('gives the same bytes for one and two workers, close to fp32', async () => {
    const exact = await readNumpy(`${await embed('fp32', ...TINY)}/embeddings.npy`);
    const one = await embed('one', ...TINY, '--precision', 'fp16', '--workers', '1');
    const two = await embed('two', ...TINY, '--precision', 'fp16', '--workers', '2');
    expect(await outputHashes(two)).toEqual(await outputHashes(one));
    const half = await readNumpy(`${one}/embeddings.npy`);
    for (let index = 0; index < exact.shape[0]!; index += 1)
      expect(cosine(row(half, index), row(exact, index))).toBeGreaterThan(0.9999);
    expect(maxAbsoluteDifference(half.data, exact.data)).toBeGreaterThan(1e-4);
  });

  test('is not gone on with in fp32', async () => {
    await embed('out', ...TINY, '--precision', 'fp16');
    const other = await run('out', ...TINY);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('precision: it was fp16, now fp32');
  });

  test('two runs that begin together convert the weights once', async () => {
    const args = [...TINY, '--precision', 'fp16'];
    const runs = await Promise.all([run('first', ...args), run('second', ...args)]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(runs.flatMap(({ stderr }) => stderr.match(/converting the weights/g) ?? [])).toHaveLength(1);
    expect(await readdir(directory.path('cache', 'fp16'))).toHaveLength(1);
    expect(await outputHashes(directory.path('second'))).toEqual(await outputHashes(directory.path('first')));
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
