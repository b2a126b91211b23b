import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { WaitHistogram } from './wait-histogram.ts';

test('average, minimum and maximum are exact and percentiles right to three digits', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { minLength: 1 }), (waits) => {
      const histogram = new WaitHistogram();
      waits.forEach((waitMs) => histogram.record(waitMs));
      const { count, averageMs, minMs, maxMs } = histogram.summary;
      expect([count, minMs, maxMs]).toEqual([waits.length, Math.min(...waits), Math.max(...waits)]);
      expect(averageMs).toBeCloseTo(waits.reduce((sum, wait) => sum + wait, 0) / waits.length, 5);
      const exact = waits.toSorted((a, b) => a - b)[Math.ceil(0.95 * waits.length) - 1]!;
      expect(Math.abs(histogram.percentileMs(95) - exact)).toBeLessThanOrEqual(0.001 + exact * 0.001);
    }),
    { numRuns: 50 },
  );
});

test('nothing recorded gives zeros, and what is no duration is left out', () => {
  const histogram = new WaitHistogram();
  [Number.NaN, -1, Infinity].forEach((waitMs) => histogram.record(waitMs));
  expect(histogram.summary).toEqual({ count: 0, averageMs: 0, minMs: 0, maxMs: 0 });
  expect(histogram.percentileMs(95)).toBe(0);
});

test('a wait of more than an hour does no harm', () => {
  const histogram = new WaitHistogram();
  histogram.record(5e9);
  expect(histogram.summary.maxMs).toBe(5e9);
  expect(histogram.percentileMs(95)).toBe(5e9);
});
