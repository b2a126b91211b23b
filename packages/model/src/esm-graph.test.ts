import { link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pooling, Precision } from '@virnucpro/protocol';
import { InferenceSession } from 'onnxruntime-node';

import { buildEsmGraph, loweringFor } from './esm-graph.ts';
import { loadEsmModel } from './esm-model.ts';
import { prepareModel } from './model-store.ts';
import {
  GOLDEN_MAX_RESIDUES,
  GOLDEN_WIDTH,
  goldenRows,
  goldenSequences,
  packFeeds,
  type GoldenSequence,
} from '../../../test/program/golden-model.ts';
import { changedModel } from '../../../test/program/changed-model.ts';
import { cosine, maxAbsoluteDifference } from '../../../test/program/numpy.ts';
import { narrowModel, type NarrowType } from '../../../test/program/narrow-model.ts';

const FIXTURES = resolve('test/fixtures/esm');
const TINY = join(FIXTURES, 'tiny');
const WIDTH = GOLDEN_WIDTH;
const MAX_RESIDUES = GOLDEN_MAX_RESIDUES;
/** Omitted token dropout, tanh GELU, recomputed frequencies, interleaved rotary and mixed-up means all exceed it. */
const TOLERANCE = 1e-5;

let directory = '';
let sequences: GoldenSequence[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-model-'));
  sequences = await goldenSequences();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the ESM-2 graph against the reference implementation', () => {
  test.each<Pooling>(['mean', 'bos'])('%s of all sequences packed together', async (pooling) => {
    const session = await openPrepared(TINY, pooling);
    const rows = await embed(session, sequences);
    expectClose(rows, await goldenRows(`${pooling}.npy`), TOLERANCE);
  });

  test('one by one, and in another order, within the same tolerance', async () => {
    const session = await openPrepared(TINY, 'mean');
    const golden = await goldenRows('mean.npy');
    const single = [];
    for (const sequence of sequences) single.push(...(await embed(session, [sequence])));
    expectClose(Float32Array.from(single), golden, TOLERANCE);
    const reversed = await embed(session, sequences.toReversed());
    const last = sequences.length - 1;
    sequences.forEach((_, index) =>
      expectClose(rowOf(reversed, last - index), rowOf(golden, index), TOLERANCE),
    );
  });

  test.each(['sub_15_O03538', 'gapped_P41290', 'single_C'])('every token of %s', async (id) => {
    const session = await openTokens();
    const sequence = sequences.filter((candidate) => candidate.id === id);
    const { hidden_states: hidden } = await session.run(packFeeds(sequence, session.inputNames));
    expectClose(hidden!.data as Float32Array, await goldenRows(`${id}.tokens.npy`), TOLERANCE);
  });

  test('max pooling is the maximum over residues, BOS and EOS left out', async () => {
    const sequence = sequences.filter(({ id }) => id === 'sub_15_O03538');
    const tokens = await goldenRows('sub_15_O03538.tokens.npy');
    const count = tokens.length / WIDTH;
    const expected = Float32Array.from({ length: WIDTH }, (_, column) =>
      Math.max(
        ...Array.from({ length: count - 2 }, (__, residue) => tokens[(residue + 1) * WIDTH + column]!),
      ),
    );
    expectClose(await embed(await openPrepared(TINY, 'max'), sequence), expected, TOLERANCE);
  });
});

describe('weights of other types and places', () => {
  test.each<[NarrowType, number]>([
    ['F16', 5e-3],
    ['BF16', 4e-2],
  ])('%s weights are widened', async (type, tolerance) => {
    const narrow = join(directory, type);
    await narrowModel(TINY, narrow, type);
    expectClose(
      await embed(await openPrepared(narrow, 'mean'), sequences),
      await goldenRows('mean.npy'),
      tolerance,
    );
  });

  test('a HuggingFace cache snapshot, all symbolic links, works', async () => {
    const [blobs, snapshot] = [join(directory, 'blobs'), join(directory, 'snapshots/abc')];
    await mkdir(blobs, { recursive: true });
    await mkdir(snapshot, { recursive: true });
    for (const name of ['config.json', 'model.safetensors', 'vocab.txt']) {
      await link(join(TINY, name), join(blobs, `blob-${name}`)).catch(async () =>
        writeFile(join(blobs, `blob-${name}`), await readFile(join(TINY, name))),
      );
      await symlink(`../../blobs/blob-${name}`, join(snapshot, name));
    }
    expectClose(
      await embed(await openPrepared(snapshot, 'mean'), sequences),
      await goldenRows('mean.npy'),
      TOLERANCE,
    );
  });

  test.each<Pooling>(['mean', 'bos', 'max'])(
    'fp16 keeps %s rows close to fp32, and is not the same',
    async (pooling) => {
      const exact = await embed(await openPrepared(TINY, pooling), sequences);
      const options = { ...storeOptions(TINY, pooling), precision: 'fp16' as const };
      const { graphPaths } = await prepareModel(options);
      const rows = await embed(await InferenceSession.create(graphPaths.cpu), sequences);
      sequences.forEach((_, index) =>
        expect(cosine(rowOf(rows, index), rowOf(exact, index))).toBeGreaterThan(0.9999),
      );
      expect(maxAbsoluteDifference(rows, exact)).toBeGreaterThan(1e-4);
    },
  );

  test('float16 rows are the float32 rows, rounded', async () => {
    const { graphPaths } = await prepareModel({ ...storeOptions(TINY, 'mean'), outputDtype: 'float16' });
    const session = await InferenceSession.create(graphPaths.cpu);
    const { embeddings } = await session.run(packFeeds(sequences.slice(0, 3), session.inputNames));
    expect(embeddings!.type).toBe('float16');
    expect(embeddings!.dims).toEqual([3, WIDTH]);
  });
});

describe('int8', () => {
  test.each<Pooling>(['mean', 'bos', 'max'])(
    'keeps %s rows close to fp32, and is not the same',
    async (pooling) => {
      const exact = await embed(await openPrepared(TINY, pooling), sequences);
      const rows = await embed(await openPrepared(TINY, pooling, 'int8'), sequences);
      sequences.forEach((_, index) =>
        expect(cosine(rowOf(rows, index), rowOf(exact, index))).toBeGreaterThan(0.99),
      );
      expect(maxAbsoluteDifference(rows, exact)).toBeGreaterThan(1e-4);
    },
  );

  test('gives a sequence the same bits alone, among others and in another order', async () => {
    const session = await openPrepared(TINY, 'mean', 'int8');
    const packed = await embed(session, sequences);
    const reversed = await embed(session, sequences.toReversed());
    const last = sequences.length - 1;
    for (const [index, sequence] of sequences.entries()) {
      const row = [...rowOf(packed, index)];
      expect([...(await embed(session, [sequence]))]).toEqual(row);
      expect([...rowOf(reversed, last - index)]).toEqual(row);
    }
  });

  test('computes a model whose matrices and rows are all zero', async () => {
    const zero = join(directory, 'zero');
    const matrix = 'layer.0.attention.self.query.weight';
    const norm = 'layer.0.attention.LayerNorm.weight';
    await changedModel(TINY, zero, [
      ...Array.from({ length: WIDTH * WIDTH }, (_, at) => ({ tensor: matrix, at, value: 0 })),
      ...Array.from({ length: WIDTH }, (_, at) => ({ tensor: norm, at, value: 0 })),
      ...Array.from({ length: WIDTH }, (_, at) => ({ tensor: norm.replace('weight', 'bias'), at, value: 0 })),
    ]);
    const exact = await embed(await openPrepared(zero, 'mean'), sequences);
    const rows = await embed(await openPrepared(zero, 'mean', 'int8'), sequences);
    sequences.forEach((_, index) =>
      expect(cosine(rowOf(rows, index), rowOf(exact, index))).toBeGreaterThan(0.99),
    );
  });
});

test.each<Precision>(['fp32', 'int8'])(
  'NaN in one sequence of a pack stays there, in %s',
  async (precision) => {
    const session = await openPrepared(TINY, 'mean', precision);
    const input = packFeeds(sequences.slice(0, 3), session.inputNames);
    const clean = (await session.run(input))['embeddings']!.data as Float32Array;
    const poisoned = await poisonedModel();
    const rows = await embed(await openPrepared(poisoned, 'mean', precision), [
      withToken(sequences[0]!, 30),
      ...sequences.slice(1, 3),
    ]);
    expect(rowOf(rows, 0).every(Number.isNaN)).toBe(true);
    expect([...rows.subarray(WIDTH)]).toEqual([...clean.subarray(WIDTH)]);
  },
);

test.each([
  ['layer.1.intermediate.dense.bias', 3],
  ['layer.1.LayerNorm.weight', 3],
  ['layer.0.attention.self.query.bias', 60],
  ['layer.0.attention.self.value.bias', 63],
])('NaN in %s at %d makes every row NaN, in fp32 and in int8', async (tensor, at) => {
  const broken = await mkdtemp(join(directory, 'broken-'));
  await changedModel(TINY, broken, [{ tensor, at, value: Number.NaN }]);
  for (const precision of ['fp32', 'int8'] as const) {
    const rows = await embed(await openPrepared(broken, 'mean', precision), sequences.slice(0, 3));
    expect(rows.every(Number.isNaN)).toBe(true);
  }
});

/** The same model, but with NaN as the embedding of token 30 ("-"), which the sequences above do not use. */
async function poisonedModel(): Promise<string> {
  const target = join(directory, 'poisoned');
  await mkdir(target, { recursive: true });
  const bytes = await readFile(join(TINY, 'model.safetensors'));
  const { weights } = await loadEsmModel(TINY);
  bytes.writeFloatLE(Number.NaN, weights.wordEmbeddings.byteOffset + 4 * 30 * WIDTH);
  await writeFile(join(target, 'model.safetensors'), bytes);
  await writeFile(join(target, 'config.json'), await readFile(join(TINY, 'config.json')));
  return target;
}

function withToken({ id, tokens }: GoldenSequence, token: number): GoldenSequence {
  const changed = Uint8Array.from(tokens);
  changed[1] = token;
  return { id, tokens: changed };
}

function storeOptions(model: string, pooling: Pooling, precision: Precision = 'fp32') {
  const cacheDirectory = join(directory, 'cache');
  return {
    model,
    cacheDirectory,
    precision,
    pooling,
    outputDtype: 'float32' as const,
    maxResidues: MAX_RESIDUES,
  };
}

async function openPrepared(
  model: string,
  pooling: Pooling,
  precision?: Precision,
): Promise<InferenceSession> {
  const { graphPaths } = await prepareModel(storeOptions(model, pooling, precision));
  return InferenceSession.create(graphPaths.cpu);
}

async function openTokens(): Promise<InferenceSession> {
  const model = await loadEsmModel(TINY);
  const target = await mkdtemp(join(directory, 'tokens-'));
  await writeFile(join(target, 'weights'), await readFile(join(TINY, 'model.safetensors')));
  const graph = await buildEsmGraph(model, {
    pooling: 'none',
    outputDtype: 'float32',
    ...loweringFor('cpu', 'fp32'),
    maxPositions: MAX_RESIDUES + 2,
    fileNameOf: () => 'weights',
  });
  await writeFile(join(target, 'model.onnx'), graph);
  return InferenceSession.create(join(target, 'model.onnx'));
}

async function embed(session: InferenceSession, pack: readonly GoldenSequence[]): Promise<Float32Array> {
  return (await session.run(packFeeds(pack, session.inputNames)))['embeddings']!.data as Float32Array;
}

function rowOf(rows: Float32Array, index: number): Float32Array {
  return rows.subarray(index * WIDTH, (index + 1) * WIDTH);
}

function expectClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = actual.reduce((most, value, index) => Math.max(most, Math.abs(value - expected[index]!)), 0);
  expect(worst).toBeLessThan(tolerance);
}
