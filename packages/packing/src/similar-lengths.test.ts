import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { packBestFitDecreasing, packSimilarLengths } from './index.ts';

const input = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 200 }),
  tokenBudget: fc.integer({ min: 1, max: 300 }),
  quadraticShare: fc.double({ min: 0, max: 0.1, noNaN: true }),
});

test('every sequence is in one pack, no pack is over its budget unless it holds one sequence', () => {
  fc.assert(
    fc.property(input, ({ lengths, tokenBudget, quadraticShare }) => {
      const packs = packSimilarLengths(lengths, tokenBudget, { quadraticShare });
      expect(packs.flatMap(({ indices }) => [...indices]).sort((a, b) => a - b)).toEqual([...lengths.keys()]);
      for (const { indices, tokens } of packs) {
        expect(tokens).toBe(indices.reduce((sum, index) => sum + lengths[index]!, 0));
        expect(tokens <= tokenBudget || indices.length === 1).toBe(true);
      }
    }),
  );
});

test('lengths of one pack lie beside each other in the order of lengths', () => {
  fc.assert(
    fc.property(input, ({ lengths, tokenBudget, quadraticShare }) => {
      const packs = packSimilarLengths(lengths, tokenBudget, { quadraticShare });
      const inOrder = packs.flatMap(({ indices }) => [...indices].map((index) => lengths[index]!));
      expect(inOrder).toEqual(lengths.toSorted((a, b) => b - a));
    }),
  );
});

test('packs pad less and cost more alike than those of best fit decreasing', () => {
  const lengths = Array.from({ length: 3000 }, (_, index) => 30 + ((index * 7919) % 970));
  const share = 1 / 2000;
  const cost = (indices: Uint32Array) =>
    indices.reduce((sum, index) => sum + lengths[index]! + share * lengths[index]! ** 2, 0);
  const spread = (packs: readonly { readonly indices: Uint32Array }[]) => {
    const costs = packs.slice(0, -1).map(({ indices }) => cost(indices));
    return Math.max(...costs) / Math.min(...costs);
  };
  const padded = (packs: readonly { readonly indices: Uint32Array }[]) =>
    packs.reduce(
      (sum, { indices }) => sum + indices.length * Math.max(...[...indices].map((i) => lengths[i]!)),
      0,
    );
  const similar = packSimilarLengths(lengths, 8192, { quadraticShare: share });
  const tight = packBestFitDecreasing(lengths, 8192);
  expect(spread(similar)).toBeLessThan(1.35);
  expect(spread(similar)).toBeLessThan(spread(tight));
  expect(padded(similar)).toBeLessThan(padded(tight));
});
