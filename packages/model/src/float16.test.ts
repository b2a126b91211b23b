import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FLOAT16_MAX, float16Value, roundToFloat16 } from './float16.ts';

function round(...numbers: number[]): { bits: number[]; beyond: number } {
  const target = new Uint16Array(numbers.length);
  const beyond = roundToFloat16(new Uint32Array(Float32Array.from(numbers).buffer), target);
  return { bits: [...target], beyond };
}

const finite = Array.from({ length: 0x7c00 }, (_, bits) => bits);

test('every float16 number stays what it is, with its sign', () => {
  const both = finite.flatMap((bits) => [bits, bits | 0x8000]);
  expect(round(...both.map(float16Value))).toEqual({ bits: both, beyond: -1 });
});

test('half-way between two neighbours goes to the even one, a little to each side to the nearer one', () => {
  const below = finite.slice(0, -1);
  const middle = below.map((bits) => (float16Value(bits) + float16Value(bits + 1)) / 2);
  const nudged = (by: number) =>
    middle.map((value) => {
      const bits = new Uint32Array(Float32Array.of(value).buffer);
      return new Float32Array(Uint32Array.of(bits[0]! + by).buffer)[0]!;
    });
  expect(round(...middle).bits).toEqual(below.map((bits) => bits + (bits % 2)));
  expect(round(...nudged(-1)).bits).toEqual(below);
  expect(round(...nudged(1)).bits).toEqual(below.map((bits) => bits + 1));
});

test('any number is off by no more than half the distance of its neighbours', () => {
  fc.assert(
    fc.property(fc.float({ min: -FLOAT16_MAX, max: FLOAT16_MAX, noNaN: true }), (value) => {
      const { bits, beyond } = round(value);
      const distance = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 10));
      expect(beyond).toBe(-1);
      expect(Math.abs(float16Value(bits[0]!) - value)).toBeLessThanOrEqual(distance / 2);
    }),
  );
});

test('the first number that float16 cannot hold is pointed at; NaN is none', () => {
  expect(round(1, NaN, -65_504, 65_505, Infinity)).toMatchObject({ beyond: 3 });
  expect(round(-Infinity).beyond).toBe(0);
  expect(float16Value(round(NaN).bits[0]!)).toBeNaN();
});
