import { expect, test } from '@jest/globals';

import {
  addCounts,
  bucketLabels,
  bucketOf,
  countOne,
  lengthCounts,
  LENGTH_BUCKETS,
  WAIT_BUCKETS,
} from './histograms.ts';

test('a value on a border belongs above it', () => {
  expect([0, 0.99, 1, 49, 50, 1e9].map((value) => bucketOf(WAIT_BUCKETS, value))).toEqual([0, 0, 1, 2, 3, 5]);
  expect(bucketLabels(WAIT_BUCKETS)).toEqual(['< 1', '1 - 5', '5 - 50', '50 - 500', '500 - 5000', '5000 +']);
});

test('counts add up', () => {
  expect(addCounts(countOne(WAIT_BUCKETS, 3), countOne(WAIT_BUCKETS, 60))).toEqual([0, 1, 0, 1, 0, 0]);
});

test('the lengths of a pack are those between its borders', () => {
  const counts = lengthCounts(Int32Array.of(0, 31, 63, 163, 2000));
  expect(counts.reduce((sum, count) => sum + count)).toBe(4);
  expect(counts[0]).toBe(1);
  expect(counts[1]).toBe(1);
  expect(counts[bucketOf(LENGTH_BUCKETS, 100)]).toBe(1);
  expect(counts.at(-1)).toBe(1);
});
