import { expect, test } from '@jest/globals';

import { PrefetchDepth, prefetchLimits } from './prefetch-depth.ts';

/** Computes shards of ten packs. @returns the depth after each */
function compute(depth: PrefetchDepth, shards: number, waitMs: number): number[] {
  return Array.from({ length: shards }, () => {
    for (let pack = 0; pack < 10; pack += 1) depth.observe(pack === 0 ? waitMs : 0.05, 40);
    depth.shardEnded();
    return depth.shards;
  });
}

test('more shards are loaded ahead while the device waits, fewer again when it has not for a while', () => {
  const depth = new PrefetchDepth({ least: 1, most: 4 });
  expect(compute(depth, 5, 300)).toEqual([2, 3, 4, 4, 4]);
  expect(compute(depth, 7, 0).at(-1)).toBe(4);
  expect(compute(depth, 30, 0).at(-1)).toBe(1);
});

test('a wait that is small beside the pack is none', () => {
  const depth = new PrefetchDepth({ least: 1, most: 4 });
  expect(compute(depth, 3, 1.5).at(-1)).toBe(1);
});

test('the most is what the memory holds', () => {
  expect(prefetchLimits(1_048_576, 256 << 20)).toEqual({ least: 1, most: 8 });
  expect(prefetchLimits(1_048_576, 40 << 20)).toEqual({ least: 1, most: 3 });
  expect(prefetchLimits(100_000_000, 40 << 20)).toEqual({ least: 1, most: 1 });
});
