import { expect, test } from '@jest/globals';

import { readDevicePeaks } from './device-peaks.ts';

test('an entry is not hidden by one before it that matches the same names', async () => {
  const peaks = await readDevicePeaks();
  expect(peaks.length).toBeGreaterThan(10);
  for (const [index, { match }] of peaks.entries()) {
    expect(peaks.findIndex((earlier) => match.includes(earlier.match))).toBe(index);
  }
});
