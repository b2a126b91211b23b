import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  calculateTokenBudget,
  type Precision,
  type TokenBudget,
  type TokenBudgetInput,
} from './token-budget.ts';

const GIB = 2 ** 30;
const BYTES = { fp32: 4, fp16: 2 } as const;

/** ESM-2 as published: layers, width, heads. */
const MODELS = {
  '8M': [6, 320, 20],
  '35M': [12, 480, 20],
  '150M': [30, 640, 20],
  '650M': [33, 1280, 20],
  '3B': [36, 2560, 40],
  '15B': [48, 5120, 40],
} as const;
type ModelName = keyof typeof MODELS;

/** Free memory of an idle card, in MiB, as its driver says it. */
const GPUS = { '24 GB': 24_077, '40 GB': 40_326, '80 GB': 81_079, '141 GB': 143_156 } as const;
type GpuName = keyof typeof GPUS;

function sizes(model: ModelName, precision: Precision): Omit<TokenBudgetInput, 'freeMemoryBytes'> {
  const [layers, hiddenSize, heads] = MODELS[model];
  const parameters = layers * (12 * hiddenSize ** 2 + 13 * hiddenSize) + 35 * hiddenSize;
  const modelBytes = parameters * BYTES[precision];
  return { modelBytes, hiddenSize, layers, heads, intermediateSize: 4 * hiddenSize, precision };
}

function budgetOf(input: TokenBudgetInput): TokenBudget {
  const budget = calculateTokenBudget(input);
  if (!budget.fits) throw new Error(`does not fit: needs ${budget.neededBytes} bytes`);
  return budget;
}

/** ESM-2 3B in float16. */
const esm3b: TokenBudgetInput = { ...sizes('3B', 'fp16'), freeMemoryBytes: 24 * GIB };

/** Tokens per pack; 0: does not fit. Columns 24, 40, 80, 141 GB. */
const TABLE: Readonly<Record<ModelName, Readonly<Record<Precision, readonly number[]>>>> = {
  '8M': { fp32: [16_384, 16_384, 16_384, 16_384], fp16: [16_384, 16_384, 16_384, 16_384] },
  '35M': { fp32: [16_384, 16_384, 16_384, 16_384], fp16: [16_384, 16_384, 16_384, 16_384] },
  '150M': { fp32: [16_384, 16_384, 16_384, 16_384], fp16: [16_384, 16_384, 16_384, 16_384] },
  '650M': { fp32: [16_384, 16_384, 16_384, 16_384], fp16: [16_384, 16_384, 16_384, 16_384] },
  '3B': { fp32: [11_264, 16_384, 16_384, 16_384], fp16: [16_384, 16_384, 16_384, 16_384] },
  '15B': { fp32: [0, 0, 10_240, 16_384], fp16: [0, 16_384, 16_384, 16_384] },
};

describe('on the GPUs that people have', () => {
  const cases = (Object.keys(MODELS) as ModelName[]).flatMap((model) =>
    (['fp32', 'fp16'] as const).map((precision) => [model, precision] as const),
  );

  test.each(cases)('ESM-2 %s in %s gets the budget of the table, within the memory', (model, precision) => {
    const found = (Object.keys(GPUS) as GpuName[]).map((gpu) => {
      const freeMemoryBytes = GPUS[gpu] * 2 ** 20;
      const input = { ...sizes(model, precision), freeMemoryBytes };
      const budget = calculateTokenBudget(input);
      if (!budget.fits) return 0;
      // What the formula counts, worked out by hand: ten widths and, in float32, scores and softmax over 1024 tokens.
      const { hiddenSize, heads, modelBytes } = input;
      const attention = precision === 'fp16' ? 4 * heads : 2 * heads * 1024 * 4;
      const perToken = 2 * (10 * hiddenSize * BYTES[precision] + attention);
      expect(modelBytes + budget.tokenBudget * perToken).toBeLessThanOrEqual(0.85 * freeMemoryBytes);
      return budget.tokenBudget;
    });
    expect(found).toEqual(TABLE[model][precision]);
  });

  test('15B on 24 GB is refused with the memory that it needs and the weights that would fit', () => {
    const refused = calculateTokenBudget({ ...sizes('15B', 'fp16'), freeMemoryBytes: 24 * GIB });
    if (refused.fits) throw new Error('it fits');
    expect(refused.neededBytes / GIB).toBeCloseTo(33.4, 0);
    expect(refused.fittingModelBytes / GIB).toBeCloseTo(20.2, 0);
    expect(budgetOf({ ...sizes('15B', 'fp16'), freeMemoryBytes: refused.neededBytes }).tokenBudget).toBe(
      1024,
    );
  });
});

test('a large device gets the maximum, and the explanation says so', () => {
  const budget = budgetOf({ ...esm3b, freeMemoryBytes: 79 * GIB });
  expect(budget).toMatchObject({ tokenBudget: 16_384, reason: 'maximum' });
  expect(budget.explanation).toMatch(/^16384 tokens per pack: 80896 MiB free.*maximum/);
});

test('in between, what is free after the margin and the weights is shared out by token', () => {
  const freeMemoryBytes = 8 * GIB;
  const bytesPerToken = 2 * (2 * (2 * 2560 + 2 * 10_240) + 4 * 40);
  const fitting = Math.floor((freeMemoryBytes * 0.85 - esm3b.modelBytes) / bytesPerToken);
  const { tokenBudget, reason } = budgetOf({ ...esm3b, freeMemoryBytes });
  expect(reason).toBe('memory');
  expect(tokenBudget).toBe(Math.floor(fitting / 1024) * 1024);
});

test('on a small device the margin is a gibibyte, whatever its share', () => {
  const small = { ...sizes('8M', 'fp32'), max: 10_000_000 };
  const room = (gibibytes: number) => budgetOf({ ...small, freeMemoryBytes: gibibytes * GIB }).tokenBudget;
  const bytesPerToken = 2 * (4 * 10 * 320 + 2 * 20 * 1024 * 4);
  expect(room(4)).toBe(Math.floor((3 * GIB - small.modelBytes) / bytesPerToken / 1024) * 1024);
});

test('float32 attention writes its scores out, so fewer tokens fit than twice the bytes would say', () => {
  const roomy = { ...esm3b, max: 10_000_000 };
  const half = budgetOf(roomy).tokenBudget;
  const single = budgetOf({ ...roomy, precision: 'fp32' }).tokenBudget;
  expect(single).toBeLessThan(half / 2);
});

test('hardly enough memory gives the minimum and warns; less gives none', () => {
  const barely = esm3b.modelBytes + GIB + 1024 * (2 * 10 * 2560 + 4 * 40);
  const budget = budgetOf({ ...esm3b, freeMemoryBytes: barely });
  expect(budget).toMatchObject({ tokenBudget: 1024, reason: 'minimum' });
  expect(budget.explanation).toMatch(/may run out of memory/);
  expect(calculateTokenBudget({ ...esm3b, freeMemoryBytes: barely - 1 })).toMatchObject({ fits: false });
});

test('a sequence that is longer than the smallest budget needs room too', () => {
  const freeMemoryBytes = esm3b.modelBytes + 1.5 * GIB;
  expect(calculateTokenBudget({ ...esm3b, freeMemoryBytes })).toMatchObject({ fits: true });
  expect(calculateTokenBudget({ ...esm3b, freeMemoryBytes, maxSequenceTokens: 50_000 })).toMatchObject({
    fits: false,
  });
});

test('without a device the default is 512 tokens', () => {
  expect(calculateTokenBudget({ ...esm3b, freeMemoryBytes: null })).toMatchObject({
    tokenBudget: 512,
    reason: 'no-device',
  });
});

test('an explicit budget wins over memory and bounds', () => {
  expect(calculateTokenBudget({ ...esm3b, freeMemoryBytes: GIB, explicit: 77, min: 1024 })).toMatchObject({
    fits: true,
    tokenBudget: 77,
    reason: 'explicit',
  });
});

test('more free memory never gives a smaller budget, and the bounds hold', () => {
  const models = fc.constantFrom(...(Object.keys(MODELS) as ModelName[]));
  const precisions = fc.constantFrom<Precision>('fp32', 'fp16');
  fc.assert(
    fc.property(
      models,
      precisions,
      fc.nat(200 * 1024),
      fc.nat(50 * 1024),
      (model, precision, mebibytes, more) => {
        const tokens = (free: number) => {
          const budget = calculateTokenBudget({
            ...sizes(model, precision),
            freeMemoryBytes: free * 2 ** 20,
          });
          return budget.fits ? budget.tokenBudget : 0;
        };
        const smaller = tokens(mebibytes);
        expect(smaller === 0 || smaller >= 1024).toBe(true);
        expect(tokens(mebibytes + more)).toBeLessThanOrEqual(16_384);
        expect(tokens(mebibytes + more)).toBeGreaterThanOrEqual(smaller);
      },
    ),
  );
});

test('broken sizes are refused, naming the one that is wrong', () => {
  expect(() => calculateTokenBudget({ ...esm3b, hiddenSize: 0 })).toThrow(/hiddenSize is 0/);
  expect(() => calculateTokenBudget({ ...esm3b, marginShare: 1 })).toThrow(/marginShare is 1/);
  expect(() => calculateTokenBudget({ ...esm3b, min: 4096, max: 2048 })).toThrow(
    /4096, exceeds the largest, 2048/,
  );
  expect(() => calculateTokenBudget({ ...esm3b, explicit: 0 })).toThrow(/explicit is 0/);
});
