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
const LENGTHS = [400, 300, 120, 100, 60, 20];

describe('a pack that the device has no memory for', () => {
  test('is computed in parts, and gives the same rows in the same order', async () => {
    const whole = await computePack(
      sessionWithRoomFor(() => 1e9),
      packOf(LENGTHS),
      OPTIONS,
      new MemoryBudget(),
    );
    expect(whole.parts).toBe(1);
    const session = sessionWithRoomFor(() => 450);
    const parted = await computePack(session, packOf(LENGTHS), OPTIONS, new MemoryBudget());
    expect(parted.rows).toEqual(whole.rows);
    expect(parted.parts).toBeGreaterThan(1);
    expect(session.sizes[0]).toBe(1000);
  });

  test('makes the packs after it smaller before they fail, until memory is back', async () => {
    const budget = new MemoryBudget({ growAfter: 4 });
    let room = 500;
    const session = sessionWithRoomFor(() => room);
    await computePack(session, packOf(LENGTHS), OPTIONS, budget);
    expect(budget.limit).toBe(500);
    session.sizes.length = 0;
    const next = await computePack(session, packOf(LENGTHS), OPTIONS, budget);
    expect(Math.max(...session.sizes)).toBeLessThanOrEqual(500);
    expect(next.parts).toBe(session.sizes.length);
    room = 1e9;
    while (budget.limit < 1e9) await computePack(session, packOf(LENGTHS), OPTIONS, budget);
    expect((await computePack(session, packOf(LENGTHS), OPTIONS, budget)).parts).toBe(1);
  });

  test('is an error when a single sequence does not fit', async () => {
    const session = sessionWithRoomFor(() => 50);
    await expect(computePack(session, packOf([200]), OPTIONS, new MemoryBudget())).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      exitCode: 1,
    });
  });

  test('other errors of the device are not retried', async () => {
    const session = {
      ...sessionWithRoomFor(() => 1e9),
      run: () => Promise.reject(new Error('illegal access')),
    };
    await expect(computePack(session, packOf(LENGTHS), OPTIONS, new MemoryBudget())).rejects.toThrow(
      'illegal',
    );
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
