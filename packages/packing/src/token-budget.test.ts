import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { calculateTokenBudget, type TokenBudgetInput } from './token-budget.ts';

const GIB = 2 ** 30;

/** ESM-2 3B in float16. */
const esm3b: TokenBudgetInput = {
  freeMemoryBytes: 24 * GIB,
  modelBytes: 5.7 * GIB,
  hiddenSize: 2560,
  layers: 36,
  heads: 40,
  intermediateSize: 10_240,
  bytesPerElement: 2,
};

test('a large device gets the maximum, and the explanation says so', () => {
  const budget = calculateTokenBudget({ ...esm3b, freeMemoryBytes: 79 * GIB });
  expect(budget).toMatchObject({ tokenBudget: 16_384, reason: 'maximum' });
  expect(budget.explanation).toMatch(/^16384 tokens per pack: 80896 MiB free.*maximum/);
});

test('in between, what is free after the margin and the weights is shared out by token', () => {
  const freeMemoryBytes = 8 * GIB;
  const bytesPerToken = 2 * (2 * (2 * 2560 + 2 * 10_240) + 4 * 40);
  const fitting = Math.floor((freeMemoryBytes * 0.85 - esm3b.modelBytes) / bytesPerToken);
  const { tokenBudget, reason } = calculateTokenBudget({ ...esm3b, freeMemoryBytes });
  expect(reason).toBe('memory');
  expect(tokenBudget).toBe(Math.floor(fitting / 1024) * 1024);
});

test('float32 attention writes its scores out, so fewer tokens fit than twice the bytes would say', () => {
  const roomy = { ...esm3b, max: 10_000_000 };
  const half = calculateTokenBudget(roomy).tokenBudget;
  const single = calculateTokenBudget({ ...roomy, bytesPerElement: 4 }).tokenBudget;
  expect(single).toBeLessThan(half / 2);
});

test('too little memory gives the minimum and warns', () => {
  const budget = calculateTokenBudget({ ...esm3b, freeMemoryBytes: 2 * GIB });
  expect(budget).toMatchObject({ tokenBudget: 1024, reason: 'minimum' });
  expect(budget.explanation).toMatch(/may run out of memory/);
});

test('without a device the default is 1024 tokens', () => {
  expect(calculateTokenBudget({ ...esm3b, freeMemoryBytes: null })).toMatchObject({
    tokenBudget: 1024,
    reason: 'no-device',
  });
});

test('an explicit budget wins over memory and bounds', () => {
  expect(calculateTokenBudget({ ...esm3b, explicit: 77, min: 1024 })).toMatchObject({
    tokenBudget: 77,
    reason: 'explicit',
  });
});

test('more free memory never gives a smaller budget, and the bounds hold', () => {
  fc.assert(
    fc.property(fc.nat(200 * 1024), fc.nat(50 * 1024), (mebibytes, more) => {
      const smaller = calculateTokenBudget({ ...esm3b, freeMemoryBytes: mebibytes * 2 ** 20 }).tokenBudget;
      const larger = calculateTokenBudget({
        ...esm3b,
        freeMemoryBytes: (mebibytes + more) * 2 ** 20,
      }).tokenBudget;
      expect(smaller).toBeGreaterThanOrEqual(1024);
      expect(larger).toBeLessThanOrEqual(16_384);
      expect(larger).toBeGreaterThanOrEqual(smaller);
    }),
  );
});

test('broken sizes are refused, naming the one that is wrong', () => {
  expect(() => calculateTokenBudget({ ...esm3b, hiddenSize: 0 })).toThrow(/hiddenSize is 0/);
  expect(() => calculateTokenBudget({ ...esm3b, bytesPerElement: 0 })).toThrow(/bytesPerElement/);
  expect(() => calculateTokenBudget({ ...esm3b, marginShare: 1 })).toThrow(/marginShare is 1/);
  expect(() => calculateTokenBudget({ ...esm3b, min: 4096, max: 2048 })).toThrow(
    /4096, exceeds the largest, 2048/,
  );
  expect(() => calculateTokenBudget({ ...esm3b, explicit: 0 })).toThrow(/explicit is 0/);
});
