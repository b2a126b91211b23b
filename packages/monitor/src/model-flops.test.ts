import { expect, test } from '@jest/globals';

import { modelFlopsUtilization, type DevicePeak } from './model-flops.ts';

const peaks: readonly DevicePeak[] = [
  { match: 'H100 PCIe', fp16FlopsPerSecond: 756e12, fp32FlopsPerSecond: 378e12 },
  { match: 'H100', fp16FlopsPerSecond: 989e12, fp32FlopsPerSecond: 494e12 },
];

test('650M parameters at 457,000 tokens/s are 60 % of an H100 in half precision', () => {
  const work = { tokensPerSecond: 457_000, parameters: 650e6, precision: 'fp16' };
  expect(modelFlopsUtilization('NVIDIA H100 80GB HBM3', work, peaks)).toBeCloseTo(0.6, 2);
  expect(modelFlopsUtilization('NVIDIA H100 PCIe', work, peaks)).toBeCloseTo(0.786, 2);
  expect(modelFlopsUtilization('NVIDIA H100 80GB HBM3', { ...work, precision: 'fp32' }, peaks)).toBeCloseTo(
    1.2,
    2,
  );
});

test('a device that is not in the table has no share', () => {
  const work = { tokensPerSecond: 1, parameters: 1, precision: 'fp32' };
  expect(modelFlopsUtilization('AMD EPYC', work, peaks)).toBeNull();
});
