import { expect, test } from '@jest/globals';
import { InferenceSession, Tensor } from 'onnxruntime-node';

import { Int8Linear } from './int8-linear.ts';
import { GraphBuilder, value } from './onnx/graph-builder.ts';
import { DATA_TYPE, encodeModel, type DataType } from './onnx/proto.ts';
import type { TensorLocation } from './safetensors.ts';

const [INPUTS, OUTPUTS] = [40, 3];
const FACTOR = 0.25;
const random = (at: number): number => Math.sin(7.3 * at + 1);

const numbers = Int8Array.from({ length: INPUTS * OUTPUTS }, (_, at) => Math.round(63 * random(at)));
const scales = Float32Array.of(0.5, 0.01, 2);
const bias = Float32Array.of(1, -2, 3);
const constants: Readonly<Record<string, { readonly type: DataType; readonly values: ArrayBufferView }>> = {
  numbers: { type: DATA_TYPE.int8, values: numbers },
  scales: { type: DATA_TYPE.float, values: scales },
  bias: { type: DATA_TYPE.float, values: bias },
};

/** Rows of [T, INPUTS] through the graph. */
async function linear(rows: readonly (readonly number[])[]): Promise<number[][]> {
  const builder = new GraphBuilder('linear');
  const stored = ({ name, shape }: TensorLocation): string => {
    const { type, values } = constants[name]!;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return builder.initializer({ name, dataType: type, dims: shape, data: { kind: 'raw', bytes } });
  };
  const located = (name: string, shape: readonly number[]): TensorLocation => ({
    ...{ name, shape, file: '', dtype: '', byteOffset: 0, byteLength: 0 },
  });
  const weights = {
    weight: located('numbers', [INPUTS, OUTPUTS]),
    scale: located('scales', [OUTPUTS]),
    bias: located('bias', [OUTPUTS]),
  };
  const output = new Int8Linear({ builder, stored, weight: stored }).linear('rows', weights, FACTOR);
  const graph = builder.finish(
    [value('rows', DATA_TYPE.float, ['tokens', INPUTS])],
    [value(output, DATA_TYPE.float, ['tokens', OUTPUTS])],
  );
  const opsets = { '': 20, 'com.microsoft': 1 };
  const session = await InferenceSession.create(
    encodeModel({ irVersion: 9, producer: 'test', opsets, graph }),
  );
  const input = new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, INPUTS]);
  const found = (await session.run({ rows: input }))[output]!.data as Float32Array;
  return rows.map((_, row) => [...found.subarray(row * OUTPUTS, (row + 1) * OUTPUTS)]);
}

/** The same in float64, from what quantization is said to be. */
function expected(row: readonly number[]): number[] {
  const scale = Math.max(...row.map(Math.abs)) / 127;
  const steps = row.map((number) => (scale === 0 ? 0 : Math.round(number / scale)));
  return [...scales].map((outputScale, output) => {
    const sum = steps.reduce((total, step, input) => total + step * numbers[input * OUTPUTS + output]!, 0);
    return FACTOR * (sum * scale * outputScale + bias[output]!);
  });
}

const rowOf = (size: number): number[] =>
  Array.from({ length: INPUTS }, (_, at) => size * random(at + 100 * size));

test('each row is rounded to 127 steps of its own, whatever its neighbours', async () => {
  const rows = [rowOf(1), rowOf(1000), rowOf(1e-20), Array.from({ length: INPUTS }, () => 0)];
  const found = await linear(rows);
  rows.forEach((row, index) =>
    expected(row).forEach((number, output) => {
      const size = Math.max(1, Math.abs(number));
      expect(Math.abs(found[index]![output]! - number) / size).toBeLessThan(1e-5);
    }),
  );
  expect(await linear([rows[1]!])).toEqual([found[1]]);
});

test.each([
  [Number.NaN, 0],
  [Number.NaN, 20],
  [Number.NaN, INPUTS - 1],
  [Number.POSITIVE_INFINITY, 3],
  [Number.NEGATIVE_INFINITY, INPUTS - 1],
])('%d at place %d of a row is NaN in all outputs of that row alone', async (broken, at) => {
  const [clean] = await linear([rowOf(1)]);
  const found = await linear([rowOf(1), rowOf(2).with(at, broken), rowOf(1)]);
  expect(found).toEqual([clean, [Number.NaN, Number.NaN, Number.NaN], clean]);
});
