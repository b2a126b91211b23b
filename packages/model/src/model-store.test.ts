import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { changedModel } from '../../../test/program/changed-model.ts';
import { narrowModel } from '../../../test/program/narrow-model.ts';
import { defaultCacheDirectory, prepareModel } from './model-store.ts';
import { readSafetensors, readTensor, type TensorLocation } from './safetensors.ts';

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

describe('prepareModel in int8', () => {
  const TINY = resolve('test/fixtures/esm/tiny');
  const prepareInt8 = (model: string) =>
    prepareModel({
      ...{ model, cacheDirectory, pooling: 'mean', outputDtype: 'float32', maxResidues: 100 },
      precision: 'int8',
    });
  const readInt8 = async () => {
    const [name] = await readdir(join(cacheDirectory, 'int8'));
    const tensors = await readSafetensors(join(cacheDirectory, 'int8', name!));
    return new Map(tensors.map((tensor) => [tensor.name, tensor]));
  };

  test('rounds each number of a matrix to the nearest of 63 steps on either side, by output; the rest stays', async () => {
    await prepareInt8(TINY);
    const converted = await readInt8();
    const originals = await readSafetensors(join(TINY, 'model.safetensors'));
    let matrices = 0;
    for (const original of originals.filter(({ name }) => converted.has(name))) {
      const { name, shape } = original;
      const values = await readTensor(original);
      const scale = converted.get(`${name}.scale`);
      if (scale === undefined) {
        expect(await readTensor(converted.get(name)!)).toEqual(values);
        continue;
      }
      matrices += 1;
      const [outputs, inputs] = [shape[0]!, shape[1]!];
      expect(converted.get(name)).toMatchObject({ dtype: 'I8', shape: [inputs, outputs] });
      const numbers = await readInt8Tensor(converted.get(name)!);
      const scales = await readTensor(scale);
      expect(scales.length).toBe(outputs);
      scales.forEach((found, output) => {
        const row = values.subarray(output * inputs, (output + 1) * inputs);
        expect(found).toBe(Math.fround(Math.max(...row.map(Math.abs)) / 63));
      });
      values.forEach((value, index) => {
        const output = Math.floor(index / inputs);
        const rounded = numbers[(index % inputs) * outputs + output]! * scales[output]!;
        if (Math.abs(rounded - value) > 0.501 * scales[output]!) throw new Error(`${name}[${index}]`);
      });
    }
    expect(matrices).toBe(3 * 6);
  });

  test('converts once, also weights that are narrow already; there is no graph for CUDA', async () => {
    const narrow = join(cacheDirectory, 'narrow');
    await narrowModel(TINY, narrow, 'F16');
    const [first, second] = await Promise.all([prepareInt8(narrow), prepareInt8(narrow)]);
    expect(second).toEqual(first);
    expect(await readdir(join(cacheDirectory, 'int8'))).toHaveLength(1);
    expect((await readdir(dirname(first.graphPaths.cpu))).sort()).toEqual([
      'model.onnx',
      'weights-0.safetensors',
    ]);
    expect(first.fallbackGraphPaths).not.toBeNull();
  });

  test('refuses a matrix that has no scale, by name, and leaves nothing behind', async () => {
    const broken = join(cacheDirectory, 'broken');
    await changedModel(TINY, broken, [{ tensor: 'layer.1.output.dense.weight', at: 7, value: Infinity }]);
    await expect(prepareInt8(broken)).rejects.toMatchObject({
      code: 'MODEL_WEIGHTS_NOT_FINITE',
      exitCode: 2,
      message: expect.stringMatching(/layer\.1\.output\.dense\.weight .* \(number 7 .*--precision fp32/),
    });
    expect(await readdir(join(cacheDirectory, 'int8'))).toEqual([]);
  });
});

describe('the cache folder', () => {
  const TINY = resolve('test/fixtures/esm/tiny');
  const prepareAs = (pooling: 'mean' | 'max', said: string[] = []) =>
    prepareModel({
      ...{ model: TINY, cacheDirectory, pooling, outputDtype: 'float32', maxResidues: 100 },
      precision: 'int8',
      onProgress: (message) => said.push(message),
    });

  test('may hold converted weights that were cut short: they are made anew', async () => {
    await prepareAs('mean');
    const [name] = await readdir(join(cacheDirectory, 'int8'));
    const file = join(cacheDirectory, 'int8', name!);
    const whole = await readFile(file);
    await rm(file);
    await writeFile(file, whole.subarray(0, -1));
    const said: string[] = [];
    await prepareAs('max', said);
    expect(said).toEqual(expect.arrayContaining([expect.stringMatching(/is damaged, and is made anew/)]));
    expect(await readFile(file)).toEqual(whole);
  });

  test.each(['fingerprints', 'int8'])('that cannot hold %s is refused with what to do', async (name) => {
    await writeFile(join(cacheDirectory, name), '');
    await expect(prepareAs('mean')).rejects.toMatchObject({
      code: 'CACHE_UNWRITABLE',
      exitCode: 2,
      message: expect.stringMatching(/cannot be used: E.*VIRNUCPRO_CACHE_DIR/),
    });
  });
});

async function readInt8Tensor({ file, byteOffset, byteLength }: TensorLocation): Promise<Int8Array> {
  const bytes = await readFile(file);
  return new Int8Array(bytes.buffer, bytes.byteOffset + byteOffset, byteLength);
}

test('the cache folder is the variable, else XDG, else the home folder', () => {
  expect(defaultCacheDirectory({ VIRNUCPRO_CACHE_DIR: '/c', XDG_CACHE_HOME: '/x' })).toBe('/c');
  expect(defaultCacheDirectory({ XDG_CACHE_HOME: '/x' })).toBe('/x/virnucpro-orchestrate');
  expect(defaultCacheDirectory({})).toMatch(/\.cache\/virnucpro-orchestrate$/);
});
