import { expect, test } from '@jest/globals';

import { findNonFiniteRows } from './non-finite.ts';

test('finds rows with NaN or infinity, and no others, in float32', () => {
  const rows = Float32Array.of(1, -2, NaN, 0, 3, -Infinity, 3.4e38, -0);
  expect(findNonFiniteRows(bytesOf(rows), 2, 'float32')).toEqual([1, 2]);
});

test('finds them in float16', () => {
  const [one, most, infinity, notANumber] = [0x3c00, 0x7bff, 0xfc00, 0x7e01] as const;
  const rows = Uint16Array.of(one, most, infinity, one, one, notANumber);
  expect(findNonFiniteRows(bytesOf(rows), 2, 'float16')).toEqual([1, 2]);
});

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
