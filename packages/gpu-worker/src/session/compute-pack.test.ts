import { describe, expect, test } from '@jest/globals';

import { computePack } from './compute-pack.ts';
import type { InferenceSession, SessionInput } from './inference-session.ts';
import { MemoryBudget } from './memory-budget.ts';
import { splitInput } from './split-input.ts';

/** Rows that tell which sequence they are of: one number, the sum of its tokens. */
function sessionWithRoomFor(tokens: () => number): InferenceSession & { readonly sizes: number[] } {
  const sizes: number[] = [];
  return {
    sizes,
    deviceName: 'test',
    close: () => Promise.resolve(),
    run: ({ inputIds, cuSeqlens }) => {
      sizes.push(inputIds.length);
      if (inputIds.length > tokens()) return Promise.reject(new Error('BFCArena: Failed to allocate memory'));
      const sums = Array.from({ length: cuSeqlens.length - 1 }, (_, index) =>
        inputIds.subarray(cuSeqlens[index], cuSeqlens[index + 1]).reduce((sum, id) => sum + id, 0),
      );
      return Promise.resolve(new Uint8Array(Float32Array.from(sums).buffer));
    },
  };
}

function packOf(lengths: readonly number[]): SessionInput {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const cuSeqlens = Int32Array.from([
    0,
    ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b)),
  ]);
  return {
    inputIds: Uint8Array.from({ length: total }, (_, at) => at % 23),
    positionIds: BigInt64Array.from({ length: total }, (_, at) => BigInt(at)),
    cuSeqlens,
  };
}

const OPTIONS = { embeddingDim: 1, dtype: 'float32' } as const;

/** A second time is in the same session. */
function compute(session: InferenceSession, input: SessionInput, budget = new MemoryBudget()) {
  const first = { session, budget };
  return computePack(first, input, OPTIONS, () => Promise.resolve(first));
}

const LENGTHS = [400, 300, 120, 100, 60, 20];

describe('a pack that the device has no memory for', () => {
  test('is computed in parts, and gives the same rows in the same order', async () => {
    const whole = await compute(
      sessionWithRoomFor(() => 1e9),
      packOf(LENGTHS),
    );
    expect(whole.parts).toBe(1);
    const session = sessionWithRoomFor(() => 450);
    const parted = await compute(session, packOf(LENGTHS));
    expect(parted.rows).toEqual(whole.rows);
    expect(parted.parts).toBeGreaterThan(1);
    expect(session.sizes[0]).toBe(1000);
  });

  test('makes the packs after it smaller before they fail, until memory is back', async () => {
    const budget = new MemoryBudget({ growAfter: 4 });
    let room = 500;
    const session = sessionWithRoomFor(() => room);
    await compute(session, packOf(LENGTHS), budget);
    expect(budget.limit).toBe(500);
    session.sizes.length = 0;
    const next = await compute(session, packOf(LENGTHS), budget);
    expect(Math.max(...session.sizes)).toBeLessThanOrEqual(500);
    expect(next.parts).toBe(session.sizes.length);
    room = 1e9;
    while (budget.limit < 1e9) await compute(session, packOf(LENGTHS), budget);
    expect((await compute(session, packOf(LENGTHS), budget)).parts).toBe(1);
  });

  test('is an error when a single sequence does not fit', async () => {
    const session = sessionWithRoomFor(() => 50);
    await expect(compute(session, packOf([200]))).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      exitCode: 1,
    });
  });

  test('other errors of the device are not retried', async () => {
    const session = {
      ...sessionWithRoomFor(() => 1e9),
      run: () => Promise.reject(new Error('illegal access')),
    };
    await expect(compute(session, packOf(LENGTHS))).rejects.toThrow('illegal');
  });
});

describe('rows that are not finite', () => {
  /** In a session that overflows, sequences of more tokens than that are infinite; `offset` tells sessions apart. */
  const overflowing = (overTokens: number, offset: number): InferenceSession => ({
    deviceName: 'test',
    close: () => Promise.resolve(),
    run: ({ cuSeqlens }) => {
      const lengths = Array.from(cuSeqlens.subarray(1), (end, index) => end - cuSeqlens[index]!);
      const rows = lengths.map((tokens) => (tokens > overTokens ? Infinity : tokens + offset));
      return Promise.resolve(new Uint8Array(Float32Array.from(rows).buffer));
    },
  });
  const input = packOf([10, 200, 30, 500]);
  const budgeted = (session: InferenceSession) => ({ session, budget: new MemoryBudget() });

  test('come from the second session, and its other rows are not used', async () => {
    const second = () => Promise.resolve(budgeted(overflowing(300, 0.5)));
    const computed = await computePack(budgeted(overflowing(100, 0)), input, OPTIONS, second);
    expect([...new Float32Array(computed.rows.buffer)]).toEqual([10, 200.5, 30, Infinity]);
    expect(computed.nonFiniteRows).toEqual([3]);
  });

  test('are the only reason to open the second session', async () => {
    const never = () => Promise.reject(new Error('opened'));
    const computed = await computePack(budgeted(overflowing(1000, 0)), input, OPTIONS, never);
    expect(computed.nonFiniteRows).toEqual([]);
    await expect(computePack(budgeted(overflowing(100, 0)), input, OPTIONS, never)).rejects.toThrow('opened');
  });
});

test('parts keep every sequence whole and hold no more than the limit where they can', () => {
  const input = packOf(LENGTHS);
  const parts = splitInput(input, 350);
  expect(parts.map(({ inputIds }) => inputIds.length)).toEqual([400, 300, 300]);
  expect(Buffer.concat(parts.map(({ inputIds }) => inputIds))).toEqual(Buffer.from(input.inputIds));
  expect(parts.map(({ cuSeqlens }) => [...cuSeqlens])).toEqual([
    [0, 400],
    [0, 300],
    [0, 120, 220, 280, 300],
  ]);
});
