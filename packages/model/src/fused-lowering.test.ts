import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pooling, Precision } from '@virnucpro/protocol';
import { InferenceSession } from 'onnxruntime-node';

import { buildEsmGraph, loweringFor, type EsmGraphOptions } from './esm-graph.ts';
import type { Projections } from './esm-lowering.ts';
import { loadEsmModel } from './esm-model.ts';
import type { EsmNodes } from './esm-nodes.ts';
import { FusedLowering } from './fused-lowering.ts';
import { int, MICROSOFT } from './onnx/graph-builder.ts';
import { DATA_TYPE, type Attribute } from './onnx/proto.ts';
import {
  GOLDEN_MAX_RESIDUES,
  GOLDEN_WIDTH,
  goldenRows,
  goldenSequences,
  packFeeds,
  type GoldenSequence,
} from '../../../test/program/golden-model.ts';
import { modelWithNan } from '../../../test/program/nan-model.ts';
import { cosine, maxAbsoluteDifference } from '../../../test/program/numpy.ts';

/** The token of "-". */
const GAP = 30;
const TINY = resolve('test/fixtures/esm/tiny');
/** What ONNX Runtime says of a graph that it understands and has no kernel for; after schemas and shapes. */
const NO_KERNEL =
  /(Could not find an implementation|Failed to find kernel) for (com\.microsoft\.)?PackedMultiHeadAttention\(1\)/;

let directory = '';
let sequences: GoldenSequence[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-fused-'));
  sequences = await goldenSequences();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

type Lowered = Pick<EsmGraphOptions, 'precision' | 'element' | 'lowering'>;

async function open(
  graph: Lowered,
  pooling: Pooling | 'none' = 'mean',
  model = TINY,
): Promise<InferenceSession> {
  await cp(join(model, 'model.safetensors'), join(directory, 'weights'));
  const bytes = await buildEsmGraph(await loadEsmModel(model), {
    pooling,
    outputDtype: 'float32',
    ...graph,
    maxPositions: GOLDEN_MAX_RESIDUES + 2,
    fileNameOf: () => 'weights',
  });
  const path = join(directory, `${pooling}.onnx`);
  await writeFile(path, bytes);
  return InferenceSession.create(path, { logSeverityLevel: 4 });
}

/**
 * The fused graph with its one operator that only CUDA has said in others, from the same inputs: sequences are padded
 * to the places that token_offset gives, attended under their lengths, and taken back.
 */
class PaddedLowering extends FusedLowering {
  readonly #nodes: EsmNodes;

  constructor(nodes: EsmNodes) {
    super(nodes);
    this.#nodes = nodes;
  }

  override attend({ query, key, value }: Projections): string {
    const { builder, model } = this.#nodes;
    const width = builder.int64s('width', [model.embeddingDim]);
    const concat = (...parts: string[]) => builder.node('Concat', parts, { attributes: { axis: int(0) } });
    const slice = (vector: string, from: number, to: string) =>
      builder.node('Slice', [vector, builder.int64s('from', [from]), to, builder.int64s('axis', [0])]);
    const all = builder.node('Reshape', ['token_offset', builder.int64s('flat', [-1])]);
    const tokens = slice(builder.node('Shape', [query]), 0, builder.int64s('to', [1]));
    const places = this.#nodes.cast(slice(all, 0, tokens), DATA_TYPE.int64);
    const indices = builder.node('Unsqueeze', [places, builder.int64s('axis', [1])]);
    const zeros = this.#nodes.cast(
      builder.node('ConstantOfShape', [concat(builder.node('Shape', [all]), width)]),
      this.#nodes.element,
    );
    const padded = [query, key, value].map((tensor) =>
      builder.node('Reshape', [
        builder.node('ScatterND', [zeros, indices, tensor]),
        concat(builder.node('Shape', ['token_offset']), width),
      ]),
    );
    const end = builder.int64s('end', [Number.MAX_SAFE_INTEGER]);
    const starts = slice('cu_seqlens', 0, builder.int64s('last', [-1]));
    const lengths = builder.node('Sub', [slice('cu_seqlens', 1, end), starts]);
    const attended = builder.node('MultiHeadAttention', [...padded, '', lengths], {
      domain: MICROSOFT,
      attributes: { num_heads: int(model.heads) },
    });
    const rows = builder.node('Reshape', [attended, concat(builder.int64s('flat', [-1]), width)]);
    return builder.node('Gather', [rows, places]);
  }
}

function paddedFor(precision: Precision): Lowered {
  return { ...loweringFor('cuda', precision), lowering: (nodes) => new PaddedLowering(nodes) };
}

async function embed(session: InferenceSession, pack: readonly GoldenSequence[]): Promise<Float32Array> {
  return (await session.run(packFeeds(pack, session.inputNames)))['embeddings']!.data as Float32Array;
}

function expectEqualRows(actual: Float32Array, expected: Float32Array): void {
  expect(maxAbsoluteDifference(actual, expected)).toBeLessThan(1e-5);
  for (let start = 0; start < expected.length; start += GOLDEN_WIDTH) {
    const [a, b] = [actual, expected].map((rows) => rows.subarray(start, start + GOLDEN_WIDTH));
    expect(cosine(a!, b!)).toBeGreaterThan(0.999999);
  }
}

describe('the CUDA graph with its attention kernel said in portable operators', () => {
  const padded = paddedFor('fp32');

  test.each<Pooling>(['mean', 'bos'])('%s of all sequences packed equals the reference', async (pooling) => {
    const session = await open(padded, pooling);
    expectEqualRows(await embed(session, sequences), await goldenRows(`${pooling}.npy`));
  });

  test('max pooling equals that of the portable graph', async () => {
    const expected = await embed(await open(loweringFor('cpu', 'fp32'), 'max'), sequences);
    expectEqualRows(await embed(await open(padded, 'max'), sequences), expected);
  });

  test('one by one equals the reference', async () => {
    const session = await open(padded);
    const rows: number[] = [];
    for (const sequence of sequences) rows.push(...(await embed(session, [sequence])));
    expectEqualRows(Float32Array.from(rows), await goldenRows('mean.npy'));
  });
});

test.each<Pooling>(['mean', 'max', 'bos'])(
  'NaN in the last sequence of a pack stays there (%s pooling by chunks)',
  async (pooling) => {
    const poisoned = join(directory, 'poisoned');
    await modelWithNan(TINY, poisoned, '-');
    const [first, second, third] = sequences.filter(({ tokens }) => !tokens.includes(GAP));
    const bad = { id: 'bad', tokens: Uint8Array.from(third!.tokens).fill(GAP, 1, 2) };
    const session = await open(paddedFor('fp32'), pooling, poisoned);
    const rows = await embed(session, [first!, second!, bad]);
    const clean = await embed(session, [first!, second!, third!]);
    expect([...rows.subarray(0, 2 * GOLDEN_WIDTH)]).toEqual([...clean.subarray(0, 2 * GOLDEN_WIDTH)]);
    expect(rows.subarray(2 * GOLDEN_WIDTH).every(Number.isNaN)).toBe(true);
  },
);

test('computed in float16, the CUDA graph stays close to the reference', async () => {
  const session = await open(paddedFor('fp16'));
  // The CPU is slow in float16; these are the short ones.
  const golden = await goldenRows('mean.npy');
  const rows = await embed(session, sequences.slice(0, 6));
  for (let start = 0; start < rows.length; start += GOLDEN_WIDTH) {
    const [a, b] = [rows, golden].map((all) => all.subarray(start, start + GOLDEN_WIDTH));
    expect(cosine(a!, b!)).toBeGreaterThan(0.9999);
  }
});

describe('the CUDA graph itself', () => {
  test.each<[Pooling | 'none', Precision]>([
    ['mean', 'fp32'],
    ['max', 'fp32'],
    ['bos', 'fp32'],
    ['none', 'fp32'],
    ['mean', 'fp16'],
  ])(
    'passes all checks of ONNX Runtime but the one for its attention kernel (%s, %s)',
    async (pooling, precision) => {
      const problem = await open(loweringFor('cuda', precision), pooling).catch(String);
      expect(problem).toMatch(NO_KERNEL);
    },
  );

  test.each<[string, Lowered]>([
    ['without heads', withAttention(['token_offset', 'cu_seqlens'], {})],
    [
      'with an attribute that it does not have',
      withAttention(['token_offset', 'cu_seqlens'], { num_heads: int(4), heads: int(4) }),
    ],
    ['without its boundaries', withAttention(['token_offset'], { num_heads: int(4) })],
    [
      'with boundaries of another type',
      withAttention(['token_offset', 'position_ids'], { num_heads: int(4) }),
    ],
  ])('would not pass them %s', async (_, lowering) => {
    const problem = await open(lowering).catch(String);
    expect(problem).toMatch(/This is an invalid model/);
  });
});

function withAttention(inputs: readonly string[], attributes: Readonly<Record<string, Attribute>>): Lowered {
  const lowering = (nodes: EsmNodes) => {
    const lowering = new FusedLowering(nodes);
    lowering.attend = ({ query, key, value }) =>
      nodes.builder.node('PackedMultiHeadAttention', [query, key, value, '', ...inputs], {
        domain: MICROSOFT,
        attributes,
      });
    return lowering;
  };
  return { ...loweringFor('cuda', 'fp32'), lowering };
}
