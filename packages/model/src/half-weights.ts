import { open, type FileHandle } from 'node:fs/promises';

import { InputError } from '@virnucpro/protocol';

import { convertWeights, type ConvertedModel } from './converted-weights.ts';
import { relocated, usedTensors, type EsmModel } from './esm-model.ts';
import { FLOAT16_MAX, roundToFloat16 } from './float16.ts';
import type { TensorLocation } from './safetensors.ts';

/** In the name of the file: raised, with GRAPH_VERSION, whenever the same weights would give another one. */
const VERSION = 1;
const BLOCK_ELEMENTS = 1 << 21;

/**
 * The same model with its weights in float16. Weights that are float16 already are used where they are.
 *
 * @throws {InputError} MODEL_WEIGHTS_OVERFLOW naming the tensor and the number that float16 cannot hold
 */
export async function halveWeights(model: EsmModel, converted: ConvertedModel): Promise<EsmModel> {
  const tensors = usedTensors(model.weights);
  if (tensors.every(({ dtype }) => dtype === 'F16')) return model;
  const { file, tensors: located } = await convertWeights(
    {
      ...{ kind: 'fp16', version: VERSION, typeName: 'float16' },
      headings: tensors.map(({ name, shape }) => ({ name, shape, dtype: 'F16', elementBytes: 2 })),
      writeData: async (target) => {
        for (const tensor of tensors) await appendHalved(tensor, target);
      },
    },
    converted,
  );
  return { ...model, weights: relocated(model.weights, located, file) };
}

async function appendHalved(tensor: TensorLocation, target: FileHandle): Promise<void> {
  const source = await open(tensor.file, 'r');
  try {
    const elementBytes = tensor.dtype === 'F32' ? 4 : 2;
    const elements = tensor.byteLength / elementBytes;
    for (let first = 0; first < elements; first += BLOCK_ELEMENTS) {
      const bytes = new Uint8Array(Math.min(BLOCK_ELEMENTS, elements - first) * elementBytes);
      const { bytesRead } = await source.read(
        bytes,
        0,
        bytes.length,
        tensor.byteOffset + first * elementBytes,
      );
      if (bytesRead < bytes.length) throw new Error(`${tensor.file} became shorter while it was read`);
      await target.writeFile(halve(bytes, tensor, first));
    }
  } finally {
    await source.close();
  }
}

/** @param first position in the tensor of the block's first number, for the message */
function halve(bytes: Uint8Array<ArrayBuffer>, tensor: TensorLocation, first: number): Uint8Array {
  if (tensor.dtype === 'F16') return bytes;
  const wide = tensor.dtype === 'F32' ? new Uint32Array(bytes.buffer) : widenBfloat16(bytes);
  const narrow = new Uint16Array(wide.length);
  const beyond = roundToFloat16(wide, narrow);
  if (beyond !== -1) throw overflow(tensor, first + beyond, new Float32Array(wide.buffer)[beyond] as number);
  return new Uint8Array(narrow.buffer);
}

/** -> bits of float32 */
function widenBfloat16(bytes: Uint8Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(new Uint16Array(bytes.buffer), (bits) => bits << 16);
}

function overflow({ name, file }: TensorLocation, position: number, seen: number): InputError {
  return new InputError(
    'MODEL_WEIGHTS_OVERFLOW',
    `Tensor ${name} in ${file} holds ${seen} (number ${position} of it), and float16 ends at ${FLOAT16_MAX}. Use --precision fp32.`,
    { details: { file, tensor: name } },
  );
}
