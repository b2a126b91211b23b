import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { changedModel } from '../../../test/program/changed-model.ts';
import { narrowModel } from '../../../test/program/narrow-model.ts';
import { defaultCacheDirectory, prepareModel } from './model-store.ts';
import { readSafetensors, readTensor } from './safetensors.ts';

let cacheDirectory = '';
beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'virnucpro-store-'));
});
afterEach(() => rm(cacheDirectory, { recursive: true, force: true }));

const prepare = (model: string, maxResidues = 100) =>
  prepareModel({
    model,
    cacheDirectory,
    precision: 'fp32',
    pooling: 'mean',
    outputDtype: 'float32',
    maxResidues,
  });

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

describe('prepareModel in fp16', () => {
  const TINY = resolve('test/fixtures/esm/tiny');
  const prepareHalf = (model: string, onProgress?: (message: string) => void) =>
    prepareModel({
      ...{ model, cacheDirectory, pooling: 'mean', outputDtype: 'float32', maxResidues: 100 },
      precision: 'fp16',
      ...(onProgress === undefined ? {} : { onProgress }),
    });

  test('converts the weights once, for graphs of every kind, and keeps an fp32 graph to fall back on', async () => {
    const said: string[] = [];
    const half = await prepareHalf(TINY, (message) => said.push(message));
    await prepareModel({
      ...{ model: TINY, cacheDirectory, pooling: 'bos', outputDtype: 'float32', maxResidues: 100 },
      precision: 'fp16',
      onProgress: (message) => said.push(message),
    });
    expect(said.filter((message) => message.includes('converting'))).toHaveLength(1);
    expect(await readdir(join(cacheDirectory, 'fp16'))).toHaveLength(1);
    expect(half.fallbackGraphPaths).toEqual((await prepare(TINY)).graphPaths);
  });

  test('rounds each weight to the nearest float16', async () => {
    await prepareHalf(TINY);
    const [name] = await readdir(join(cacheDirectory, 'fp16'));
    const tensors = await readSafetensors(join(cacheDirectory, 'fp16', name!));
    const originals = new Map(
      (await readSafetensors(join(TINY, 'model.safetensors'))).map((tensor) => [tensor.name, tensor]),
    );
    for (const tensor of tensors) {
      expect(tensor.dtype).toBe('F16');
      const [half, full] = [await readTensor(tensor), await readTensor(originals.get(tensor.name)!)];
      half.forEach((value, index) => {
        const distance = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(full[index]!))) - 10));
        if (Math.abs(value - full[index]!) > distance / 2) throw new Error(`${tensor.name}[${index}]`);
      });
    }
    expect(tensors).toHaveLength(2 + 3 * 16 + 1);
  });

  test('uses weights that are float16 already where they are', async () => {
    const narrow = join(cacheDirectory, 'narrow');
    await narrowModel(TINY, narrow, 'F16');
    await prepareHalf(narrow);
    expect(await readdir(cacheDirectory)).not.toContain('fp16');
  });

  test('refuses a weight that float16 cannot hold, by name, and leaves nothing behind', async () => {
    const large = join(cacheDirectory, 'large');
    await changedModel(TINY, large, [{ tensor: 'layer.1.output.dense.bias', at: 7, value: -70_000 }]);
    await expect(prepareHalf(large)).rejects.toMatchObject({
      code: 'MODEL_WEIGHTS_OVERFLOW',
      exitCode: 2,
      message: expect.stringMatching(
        /layer\.1\.output\.dense\.bias .* holds -70000 \(number 7 .*--precision fp32/,
      ),
    });
    expect(await readdir(join(cacheDirectory, 'fp16'))).toEqual([]);
  });
});

test('the cache folder is the variable, else XDG, else the home folder', () => {
  expect(defaultCacheDirectory({ VIRNUCPRO_CACHE_DIR: '/c', XDG_CACHE_HOME: '/x' })).toBe('/c');
  expect(defaultCacheDirectory({ XDG_CACHE_HOME: '/x' })).toBe('/x/virnucpro-orchestrate');
  expect(defaultCacheDirectory({})).toMatch(/\.cache\/virnucpro-orchestrate$/);
});
