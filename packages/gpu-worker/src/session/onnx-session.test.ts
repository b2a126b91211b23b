import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { prepareModel, type PreparedModel } from '@virnucpro/model';
import type { ExecutionProvider } from '@virnucpro/protocol';

import { TINY_MODEL } from '../../../../test/program/fixtures.ts';
import { createOnnxSession } from './onnx-session.ts';

let directory = '';
let model: PreparedModel;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-session-'));
  model = await prepareModel({
    model: TINY_MODEL,
    cacheDirectory: directory,
    precision: 'fp32',
    pooling: 'mean',
    outputDtype: 'float32',
    maxResidues: 100,
  });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const open = (graph: ExecutionProvider, provider: ExecutionProvider) =>
  createOnnxSession({
    graphPath: model.graphPaths[graph],
    fallbackGraphPath: null,
    provider,
    threads: 1,
    disablePrepacking: false,
    embeddingDim: 64,
    dtype: 'float32',
  });

describe('the CUDA graph on a machine without the CUDA provider', () => {
  test('asked for CUDA, is refused with what to do; nothing falls back to the CPU in silence', async () => {
    await expect(open('cuda', 'cuda')).rejects.toMatchObject({
      code: 'SESSION_FAILED',
      exitCode: 2,
      message: expect.stringMatching(/on cuda: .*provider.*use --device cpu\.$/i),
    });
  });

  test('cannot be opened on the CPU: that has no kernel for its attention', async () => {
    await expect(open('cuda', 'cpu')).rejects.toMatchObject({
      code: 'SESSION_FAILED',
      message: expect.stringContaining('implementation for PackedMultiHeadAttention'),
    });
  });
});
