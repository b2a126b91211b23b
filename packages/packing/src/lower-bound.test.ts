import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { lowerBoundL2 } from './lower-bound.ts';

/** The definition, threshold by threshold (Martello and Toth 1990). */
function boundByDefinition(lengths: readonly number[], capacity: number): number {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const bounds = Array.from({ length: Math.floor(capacity / 2) + 1 }, (_, threshold) => {
    const tooLong = lengths.filter((length) => length > capacity - threshold);
    const medium = lengths.filter((length) => length <= capacity - threshold && length > capacity / 2);
    const small = lengths.filter((length) => length <= capacity / 2 && length >= threshold);
    const missing = sum(small) - (medium.length * capacity - sum(medium));
    return tooLong.length + medium.length + Math.max(0, Math.ceil(missing / capacity));
  });
  return Math.max(...bounds);
}

test('the bound is the one of the definition', () => {
  fc.assert(
    fc.property(
      fc
        .integer({ min: 1, max: 60 })
        .chain((capacity) =>
          fc.tuple(fc.constant(capacity), fc.array(fc.integer({ min: 1, max: capacity }), { maxLength: 40 })),
        ),
      ([capacity, lengths]) => {
        expect(lowerBoundL2(lengths, capacity)).toBe(boundByDefinition(lengths, capacity));
      },
    ),
    { numRuns: 300 },
  );
});

test('sequences over half a pack count as one pack each, where the plain sum would say fewer', () => {
  expect(lowerBoundL2([6, 6, 6, 6], 10)).toBe(4);
});

test('a sequence over the budget counts as one pack, and nothing needs none', () => {
  expect(lowerBoundL2([100, 5, 5], 10)).toBe(2);
  expect(lowerBoundL2([], 10)).toBe(0);
});
