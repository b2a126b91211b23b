import { packTables, POOL_CHUNK_TOKENS } from '@virnucpro/model/pack-tables';
import type { ExecutionProvider } from '@virnucpro/protocol';
import { DeviceError } from '@virnucpro/protocol/errors';
import * as ort from 'onnxruntime-node';

import type { CreateInferenceSession, SessionInput, SessionOptions } from './inference-session.ts';

/**
 * Opens the graph with ONNX Runtime. There is no silent fallback: asked for CUDA, it computes on CUDA or throws.
 *
 * @throws {DeviceError} SESSION_FAILED with the runtime's own words
 */
export const createOnnxSession: CreateInferenceSession = async (options) => {
  const session = await openGraph(options);
  return {
    deviceName: options.provider === 'cuda' ? 'CUDA device 0 of this process' : 'CPU',
    run: async (input) => {
      const { embeddings } = await session.run(tensorsOf(input, session.inputNames));
      if (embeddings === undefined) throw new Error('the graph has no output "embeddings"');
      return ownBytes(embeddings.data as ort.Tensor.DataTypeMap['float32']);
    },
    close: () => session.release(),
  };
};

async function openGraph(options: SessionOptions): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(options.graphPath, {
      executionProviders: [providerOptions(options.provider)],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      extra: {
        session: {
          disable_prepacking: options.disablePrepacking ? '1' : '0',
          // Spinning threads would take the cores of the neighbouring workers and of the loaders.
          intra_op: { allow_spinning: '0' },
        },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeviceError(
      'SESSION_FAILED',
      `ONNX Runtime could not open ${options.graphPath} on ${options.provider}: ${reason}.` +
        (options.provider === 'cuda'
          ? ' What is missing says: virnucpro-orchestrate doctor --gpus all. Or use --device cpu.'
          : ''),
      { cause: error },
    );
  }
}

function providerOptions(provider: ExecutionProvider): ort.InferenceSession.ExecutionProviderConfig {
  // CUDA_VISIBLE_DEVICES leaves this process one device: number 0.
  return provider === 'cuda' ? { name: 'cuda', deviceId: 0 } : 'cpu';
}

/** The pack, and what the graph of this provider takes beside. */
function tensorsOf(
  { inputIds, positionIds, cuSeqlens }: SessionInput,
  inputNames: readonly string[],
): Record<string, ort.Tensor> {
  const pack = {
    input_ids: new ort.Tensor('uint8', inputIds, [inputIds.length]),
    position_ids: new ort.Tensor('int64', positionIds, [positionIds.length]),
    cu_seqlens: new ort.Tensor('int32', cuSeqlens, [cuSeqlens.length]),
  };
  return inputNames.length === Object.keys(pack).length
    ? pack
    : { ...pack, ...tablesOf(cuSeqlens, inputNames) };
}

function tablesOf(cuSeqlens: Int32Array, inputNames: readonly string[]): Record<string, ort.Tensor> {
  const { tokenOffset, poolTokens, poolChunks, longest, mostChunks } = packTables(cuSeqlens);
  const sequences = cuSeqlens.length - 1;
  const table = (numbers: Int32Array, rows: number, columns: number) =>
    new ort.Tensor('int32', numbers, [rows, columns]);
  const tables = {
    token_offset: table(tokenOffset, sequences, longest),
    pool_tokens: table(poolTokens, poolTokens.length / POOL_CHUNK_TOKENS, POOL_CHUNK_TOKENS),
    pool_chunks: table(poolChunks, sequences, mostChunks),
  };
  return Object.fromEntries(Object.entries(tables).filter(([name]) => inputNames.includes(name)));
}

/** A copy that can change threads: the runtime's own buffer cannot. */
function ownBytes(data: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).slice();
}
