import { expect, test } from '@jest/globals';

import { computeBatchEfficiency } from './batch-efficiency.ts';

test('mixed lengths: shares of the budget, of padding saved, and the mean length', () => {
  expect(
    computeBatchEfficiency({ numTokens: 900, numSequences: 3, maxSeqlen: 400, maxTokensPerBatch: 1000 }),
  ).toEqual({
    tokenUtilization: 0.9,
    paddingWaste: 0.25,
    averageSequenceLength: 300,
    theoreticalEfficiency: 1,
  });
});

test('equal lengths cannot use the last part of the budget, which the bound says', () => {
  const { theoreticalEfficiency, tokenUtilization, paddingWaste } = computeBatchEfficiency({
    numTokens: 321 * 51,
    numSequences: 321,
    maxSeqlen: 51,
    maxTokensPerBatch: 16_384,
  });
  expect(theoreticalEfficiency).toBe((321 * 51) / 16_384);
  expect(tokenUtilization).toBe(theoreticalEfficiency);
  expect(paddingWaste).toBe(0);
});

test('a sequence over the budget, alone, uses more than all of it', () => {
  const efficiency = computeBatchEfficiency({
    numTokens: 30,
    numSequences: 1,
    maxSeqlen: 30,
    maxTokensPerBatch: 20,
  });
  expect(efficiency).toMatchObject({ tokenUtilization: 1.5, theoreticalEfficiency: 1.5 });
});

test('no sequences or no budget give zeros', () => {
  const zeros = { tokenUtilization: 0, paddingWaste: 0, averageSequenceLength: 0, theoreticalEfficiency: 0 };
  expect(
    computeBatchEfficiency({ numTokens: 0, numSequences: 0, maxSeqlen: 0, maxTokensPerBatch: 10 }),
  ).toEqual(zeros);
  expect(
    computeBatchEfficiency({ numTokens: 5, numSequences: 1, maxSeqlen: 5, maxTokensPerBatch: 0 }),
  ).toEqual(zeros);
});
