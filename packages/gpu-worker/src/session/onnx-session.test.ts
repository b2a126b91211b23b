import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { prepareModel, type PreparedModel } from '@virnucpro/model';
import type { ExecutionProvider, Precision } from '@virnucpro/protocol';

import { TINY_MODEL } from '../../../../test/program/fixtures.ts';
import {
  GOLDEN_MAX_RESIDUES,
  GOLDEN_WIDTH,
  goldenRows,
  goldenSequences,
} from '../../../../test/program/golden-model.ts';
import { cosine } from '../../../../test/program/numpy.ts';
import { layOutPack } from '../collate/varlen-collator.ts';
import { createOnnxSession } from './onnx-session.ts';

const runtimeLibraries = `node_modules/onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}`;
const hasProvider = existsSync(join(process.cwd(), runtimeLibraries, 'libonnxruntime_providers_cuda.so'));
const hasGpu = hasProvider && existsSync('/dev/nvidia0');

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-session-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function prepare(precision: Precision): Promise<PreparedModel> {
  return prepareModel({
    model: TINY_MODEL,
    cacheDirectory: directory,
    precision,
    pooling: 'mean',
    outputDtype: 'float32',
    maxResidues: GOLDEN_MAX_RESIDUES,
  });
}

async function open(graph: ExecutionProvider, on: ExecutionProvider, precision: Precision = 'fp32') {
  return createOnnxSession({
    graphPath: (await prepare(precision)).graphPaths[graph],
    fallbackGraphPath: null,
    provider: on,
    threads: 1,
    disablePrepacking: false,
    embeddingDim: GOLDEN_WIDTH,
    dtype: 'float32',
  });
}

describe('the CUDA graph on a machine without the CUDA provider', () => {
  (hasProvider ? test.skip : test)(
    'asked for CUDA, is refused with what to do, and not computed on the CPU',
    async () => {
      await expect(open('cuda', 'cuda')).rejects.toMatchObject({
        code: 'SESSION_FAILED',
        exitCode: 2,
        message: expect.stringMatching(/on cuda: .*provider.*use --device cpu\.$/i),
      });
    },
  );

  test('cannot be opened on the CPU: that has no kernel for its attention', async () => {
    await expect(open('cuda', 'cpu')).rejects.toMatchObject({
      code: 'SESSION_FAILED',
      message: expect.stringContaining('implementation for PackedMultiHeadAttention'),
    });
  });
});

const cases: [ExecutionProvider, Precision, number][] = [
  ['cpu', 'fp32', 0.999_999],
  ['cpu', 'fp16', 0.999],
  ['cpu', 'int8', 0.999],
  ['cuda', 'fp32', 0.999_999],
  ['cuda', 'fp16', 0.99],
];

for (const [on, precision, limit] of cases) {
  const isHere = on === 'cpu' || hasGpu;
  (isHere ? test : test.skip)(
    `a session on ${on} in ${precision} gives the reference embeddings`,
    async () => {
      const sequences = await goldenSequences();
      const pack = layOutPack(
        sequences.map(({ id, tokens }, recordIndex) => ({ id, tokens, recordIndex })),
        0,
        true,
      );
      const session = await open(on, on, precision);
      const rows = new Float32Array((await session.run(pack)).buffer);
      await session.close();
      const golden = await goldenRows('mean.npy');
      expect(rows.length).toBe(golden.length);
      for (let start = 0; start < golden.length; start += GOLDEN_WIDTH) {
        const [row, expected] = [rows, golden].map((all) => all.subarray(start, start + GOLDEN_WIDTH));
        expect(cosine(row!, expected!)).toBeGreaterThan(limit);
      }
    },
  );
}
