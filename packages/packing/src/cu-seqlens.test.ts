import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { buildCuSeqlens } from './cu-seqlens.ts';

test('starts count the tokens before each sequence: from 0, strictly increasing, to the total', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1024 })), (lengths) => {
      const cuSeqlens = buildCuSeqlens(lengths);
      expect(cuSeqlens[0]).toBe(0);
      expect(cuSeqlens.length).toBe(lengths.length + 1);
      expect(Array.from(lengths.keys(), (index) => cuSeqlens[index + 1]! - cuSeqlens[index]!)).toEqual(
        lengths,
      );
    }),
  );
});

test('a pack beyond 32 bits and an empty sequence are refused', () => {
  expect(() => buildCuSeqlens([2 ** 30, 2 ** 30])).toThrow(/at most 2147483647/);
  expect(() => buildCuSeqlens([4, 0])).toThrow(RangeError);
});
