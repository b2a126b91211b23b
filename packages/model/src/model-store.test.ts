import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { defaultCacheDirectory, prepareModel } from './model-store.ts';

let cacheDirectory = '';
beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'virnucpro-store-'));
});
afterEach(() => rm(cacheDirectory, { recursive: true, force: true }));

const prepare = (model: string, maxResidues = 100) =>
  prepareModel({ model, cacheDirectory, pooling: 'mean', outputDtype: 'float32', maxResidues });

describe('prepareModel', () => {
  test('makes the demo model once, the same bytes everywhere', async () => {
    const demo = await prepare('demo');
    expect(demo).toMatchObject({ isDemo: true, name: 'demo', embeddingDim: 128, layers: 4 });
    const weights = await readFile(join(cacheDirectory, 'demo-model-1/model.safetensors'));
    expect(createHash('sha256').update(weights).digest('hex')).toBe(
      '69619de27d6f61e3484297a79bda926dcf0ef52bb15a8850590a8575d1de2e7d',
    );
  });

  test('called by several at once gives one whole graph', async () => {
    const made = await Promise.all(Array.from({ length: 4 }, () => prepare('demo')));
    expect(new Set(made.map(({ graphPaths }) => graphPaths.cpu)).size).toBe(1);
    expect(await readdir(join(cacheDirectory, 'graphs'))).toHaveLength(1);
  });

  test('notices changed weights, also when only their content changed', async () => {
    const model = join(cacheDirectory, 'tiny');
    await cp(resolve('test/fixtures/esm/tiny'), model, { recursive: true });
    const before = await prepare(model);
    expect((await prepare(model)).fingerprint).toBe(before.fingerprint);
    const bytes = await readFile(join(model, 'model.safetensors'));
    bytes[bytes.length - 5]! ^= 1;
    await rm(join(model, 'model.safetensors'));
    await writeFile(join(model, 'model.safetensors'), bytes);
    expect((await prepare(model)).fingerprint).not.toBe(before.fingerprint);
  });

  test('keeps a graph per length limit', async () => {
    expect((await prepare('demo', 100)).graphPaths).not.toEqual((await prepare('demo', 200)).graphPaths);
  });
});

test('the cache folder is the variable, else XDG, else the home folder', () => {
  expect(defaultCacheDirectory({ VIRNUCPRO_CACHE_DIR: '/c', XDG_CACHE_HOME: '/x' })).toBe('/c');
  expect(defaultCacheDirectory({ XDG_CACHE_HOME: '/x' })).toBe('/x/virnucpro-orchestrate');
  expect(defaultCacheDirectory({})).toMatch(/\.cache\/virnucpro-orchestrate$/);
});
