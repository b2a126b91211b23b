import { InputError } from '@virnucpro/protocol';

import { convertWeights, type ConvertedModel } from './converted-weights.ts';
import { relocated, usedTensors, type EsmModel } from './esm-model.ts';
import { matricesOf } from './esm-weights.ts';
import { readTensor, scaleName, type TensorHeading, type TensorLocation } from './safetensors.ts';

/** In the name of the file: raised, with GRAPH_VERSION, whenever the same weights would give another one. */
const VERSION = 1;

/**
 * Steps on either side of zero. Not 127: CPUs without VNNI add products of uint8 and int8 in pairs, in 16 bits, where
 * 2 x 255 x 127 has no room and 2 x 255 x 63 has. So sums are exact, and the same, on every CPU.
 */
const WEIGHT_STEPS = 63;

/** A matrix in int8: its number at [input, output] is `numbers[input x outputs + output] x scales[output]`. */
interface Int8Matrix {
  /** [in, out] */
  readonly numbers: Int8Array<ArrayBuffer>;
  /** [out] */
  readonly scales: Float32Array<ArrayBuffer>;
}

/**
 * The same model with the matrices of its layers in int8, a scale for each output; embeddings, norms and biases in float32.
 *
 * @throws {InputError} MODEL_WEIGHTS_NOT_FINITE naming the tensor and its number that has no scale
 */
export async function quantizeWeights(model: EsmModel, converted: ConvertedModel): Promise<EsmModel> {
  const matrices = new Set(matricesOf(model.weights).map(({ name }) => name));
  const tensors = usedTensors(model.weights);
  const { file, tensors: located } = await convertWeights(
    {
      ...{ kind: 'int8', version: VERSION, typeName: 'int8' },
      headings: tensors.flatMap((tensor) =>
        matrices.has(tensor.name) ? matrixHeadings(tensor) : [floatHeading(tensor)],
      ),
      writeData: async (target) => {
        for (const tensor of tensors) {
          const values = await readTensor(tensor);
          if (!matrices.has(tensor.name)) await target.writeFile(bytesOf(values));
          else {
            const { numbers, scales } = quantizeMatrix(tensor, values);
            await target.writeFile(bytesOf(numbers));
            await target.writeFile(bytesOf(scales));
          }
        }
      },
    },
    converted,
  );
  return { ...model, weights: relocated(model.weights, located, file) };
}

function matrixHeadings({ name, shape: [outputs = 0, inputs = 0] }: TensorLocation): TensorHeading[] {
  return [
    { name, dtype: 'I8', shape: [inputs, outputs], elementBytes: 1 },
    { name: scaleName(name), dtype: 'F32', shape: [outputs], elementBytes: 4 },
  ];
}

function floatHeading({ name, shape }: TensorLocation): TensorHeading {
  return { name, dtype: 'F32', shape, elementBytes: 4 };
}

/** @param values [out, in] */
function quantizeMatrix(
  { name, file, shape: [outputs = 0, inputs = 0] }: TensorLocation,
  values: Float32Array,
): Int8Matrix {
  const numbers = new Int8Array(values.length);
  const scales = new Float32Array(outputs);
  for (let output = 0; output < outputs; output += 1) {
    const row = values.subarray(output * inputs, (output + 1) * inputs);
    const largest = largestMagnitude(row);
    if (!Number.isFinite(largest)) throw notFinite(name, file, output * inputs + row.findIndex(isNotFinite));
    const scale = Math.fround(largest / WEIGHT_STEPS);
    if (scale === 0) continue;
    scales[output] = scale;
    for (let input = 0; input < inputs; input += 1)
      numbers[input * outputs + output] = Math.round((row[input] as number) / scale);
  }
  return { numbers, scales };
}

/** NaN when there is one. */
function largestMagnitude(row: Float32Array): number {
  let largest = 0;
  for (const value of row) largest = Math.max(largest, Math.abs(value));
  return largest;
}

function isNotFinite(value: number): boolean {
  return !Number.isFinite(value);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function notFinite(name: string, file: string, position: number): InputError {
  return new InputError(
    'MODEL_WEIGHTS_NOT_FINITE',
    `Tensor ${name} in ${file} holds NaN or infinity (number ${position} of it), which int8 has no scale for. Use --precision fp32.`,
    { details: { file, tensor: name } },
  );
}
