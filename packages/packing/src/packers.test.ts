import { createHash } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  lowerBoundL2,
  packBestFitDecreasing,
  packFirstFitDecreasing,
  packHistogram,
  PACKER_VERSION,
} from './index.ts';
import type { Pack } from './index.ts';

type Choose = (loads: readonly number[], length: number, tokenBudget: number) => number;

const firstFit: Choose = (loads, length, tokenBudget) =>
  loads.findIndex((load) => load + length <= tokenBudget);

const bestFit: Choose = (loads, length, tokenBudget) => {
  const fullest = Math.max(...loads.filter((load) => load + length <= tokenBudget));
  return loads.indexOf(fullest);
};

/** The textbook algorithms, O(n x packs): each item alone, in decreasing order, ties by position. */
function packNaively(lengths: readonly number[], tokenBudget: number, choose: Choose): number[][] {
  const order = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const packs: number[][] = [];
  const loads: number[] = [];
  for (const index of order) {
    const length = lengths[index]!;
    let pack = choose(loads, length, tokenBudget);
    if (pack < 0) {
      pack = packs.push([]) - 1;
      loads.push(0);
    }
    packs[pack]!.push(index);
    loads[pack] = loads[pack]! + length;
  }
  return packs;
}

const indicesOf = (packs: readonly Pack[]) => packs.map(({ indices }) => [...indices]);
const loadsOf = (packs: readonly Pack[]) => packs.map(({ tokens }) => tokens).sort((a, b) => b - a);

const input = fc.integer({ min: 1, max: 300 }).chain((tokenBudget) =>
  fc.record({
    tokenBudget: fc.constant(tokenBudget),
    lengths: fc.oneof(
      fc.array(fc.integer({ min: 1, max: Math.ceil(tokenBudget * 1.1) }), { maxLength: 200 }),
      fc.array(fc.integer({ min: 1, max: Math.max(1, tokenBudget >> 3) }), { maxLength: 200 }),
      fc.array(fc.constantFrom(1, 7, 51), { maxLength: 200 }),
    ),
  }),
);

/** Deterministic lengths between 12 and 1023, skewed towards the short ones. */
function sampleLengths(count: number): Uint32Array {
  let state = 12_345;
  return Uint32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const uniform = (state >>> 8) / 2 ** 24;
    return 12 + Math.floor(1011 * uniform * uniform);
  });
}

const decreasingPackers = { packBestFitDecreasing, packFirstFitDecreasing, packHistogram };

describe.each(Object.entries(decreasingPackers))('%s', (_, pack) => {
  test('packs are a partition of all sequences, within the budget but for lone long ones, and never empty', () => {
    fc.assert(
      fc.property(input, ({ lengths, tokenBudget }) => {
        const packs = pack(lengths, tokenBudget);
        const all = indicesOf(packs).flat();
        expect(all.sort((a, b) => a - b)).toEqual([...lengths.keys()]);
        for (const { indices, tokens } of packs) {
          expect(indices.length).toBeGreaterThan(0);
          expect(tokens).toBe([...indices].reduce((sum, index) => sum + lengths[index]!, 0));
          expect(tokens <= tokenBudget || indices.length === 1).toBe(true);
        }
      }),
    );
  });

  test('the same input gives the same packs, whatever kind of array holds it', () => {
    fc.assert(
      fc.property(input, ({ lengths, tokenBudget }) => {
        expect(pack(Uint32Array.from(lengths), tokenBudget)).toEqual(pack(lengths, tokenBudget));
      }),
    );
  });

  test('no packer goes below the Martello-Toth bound', () => {
    fc.assert(
      fc.property(input, ({ lengths, tokenBudget }) => {
        expect(pack(lengths, tokenBudget).length).toBeGreaterThanOrEqual(lowerBoundL2(lengths, tokenBudget));
      }),
    );
  });

  test('within a pack the longest sequence comes first, equal ones in input order', () => {
    fc.assert(
      fc.property(input, ({ lengths, tokenBudget }) => {
        for (const indices of indicesOf(pack(lengths, tokenBudget))) {
          expect(indices).toEqual([...indices].sort((a, b) => lengths[b]! - lengths[a]! || a - b));
        }
      }),
    );
  });

  test('sequences over the budget come first, each alone, longest first', () => {
    expect(indicesOf(pack([5, 30, 4, 20, 20], 10))).toEqual([[1], [3], [4], [0, 2]]);
  });

  test('no sequences give no packs, and one gives one', () => {
    expect(pack([], 10)).toEqual([]);
    expect(indicesOf(pack([3], 10))).toEqual([[0]]);
  });

  test('a budget far over the sum of all lengths costs no memory', () => {
    expect(indicesOf(pack([3, 9, 5], Number.MAX_SAFE_INTEGER))).toEqual([[1, 2, 0]]);
  });

  test('an empty sequence, a broken length and a broken budget are refused, naming the value', () => {
    expect(() => pack([3, 0], 10)).toThrow(/position 1 is 0/);
    expect(() => pack([3, 2.5], 10)).toThrow(/position 1 is 2\.5/);
    expect(() => pack([3], 0)).toThrow(/token budget is 0/);
    expect(() => pack([3], Number.NaN)).toThrow(RangeError);
  });

  test('mixed lengths fill 16,384 tokens to 99.9 % and stay within 0.05 % of the bound', () => {
    const lengths = sampleLengths(60_000);
    const packs = pack(lengths, 16_384);
    const fullPacks = packs.toSorted((a, b) => b.tokens - a.tokens).slice(0, -1);
    const tokens = fullPacks.reduce((sum, full) => sum + full.tokens, 0);
    expect(tokens / (fullPacks.length * 16_384)).toBeGreaterThan(0.999);
    const bound = lowerBoundL2(lengths, 16_384);
    expect(packs.length).toBeLessThanOrEqual(Math.max(bound + 1, bound * 1.0005));
  });
});

test('first-fit decreasing gives the packs of the textbook algorithm', () => {
  fc.assert(
    fc.property(input, ({ lengths, tokenBudget }) => {
      expect(indicesOf(packFirstFitDecreasing(lengths, tokenBudget))).toEqual(
        packNaively(lengths, tokenBudget, firstFit),
      );
    }),
    { numRuns: 300 },
  );
});

test('best-fit decreasing gives the packs of the textbook algorithm', () => {
  fc.assert(
    fc.property(input, ({ lengths, tokenBudget }) => {
      expect(indicesOf(packBestFitDecreasing(lengths, tokenBudget))).toEqual(
        packNaively(lengths, tokenBudget, bestFit),
      );
    }),
    { numRuns: 300 },
  );
});

test('packing by histogram fills packs exactly as best-fit decreasing does, the fullest first', () => {
  fc.assert(
    fc.property(input, ({ lengths, tokenBudget }) => {
      const packs = packHistogram(lengths, tokenBudget);
      const loads = packs.map(({ tokens }) => tokens);
      expect(loads).toEqual(loadsOf(packBestFitDecreasing(lengths, tokenBudget)));
    }),
    { numRuns: 300 },
  );
});

test('equal lengths fill every pack but the last to the last whole sequence', () => {
  const lengths = new Uint32Array(1000).fill(51);
  const counts = packBestFitDecreasing(lengths, 16_384).map(({ indices }) => indices.length);
  expect(counts).toEqual([321, 321, 321, 37]);
});

test('the pack left part-empty comes last when equally full packs compete for a short sequence', () => {
  expect(packBestFitDecreasing([7, 7, 3], 10).map(({ tokens }) => tokens)).toEqual([10, 7]);
});

test('the packs of a version never change: another hash needs another PACKER_VERSION', () => {
  const hash = createHash('sha256');
  for (const budget of [1500, 4096, 16_384]) {
    for (const { indices } of packBestFitDecreasing(sampleLengths(20_000), budget))
      hash.update(`${indices.join()};`);
  }
  expect([PACKER_VERSION, hash.digest('hex').slice(0, 16)]).toEqual(['bfd-1', 'fa49454c29ecf115']);
});
