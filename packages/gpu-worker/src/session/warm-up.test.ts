import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { InferenceSession } from './inference-session.ts';
import { computeLargest, largestPacks, smallestPack } from './warm-up.ts';

/** A device with room for so many tokens at once. */
function deviceWithRoom(tokens: number): InferenceSession & { readonly tried: number[] } {
  const tried: number[] = [];
  return {
    tried,
    deviceName: 'test',
    close: () => Promise.resolve(),
    run: ({ inputIds }) => {
      tried.push(inputIds.length);
      return inputIds.length > tokens
        ? Promise.reject(
            new Error('BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer'),
          )
        : Promise.resolve(new Uint8Array(4));
    },
  };
}

describe('the largest packs', () => {
  test('fill the budget, with sequences as long as they may be and with short ones', () => {
    const [long, middle, short] = largestPacks({ tokens: 4096, maxSequenceTokens: 1024 });
    expect([...middle!.cuSeqlens.subarray(0, 3)]).toEqual([0, 255, 510]);
    expect([...long!.cuSeqlens]).toEqual([0, 1024, 2048, 3072, 4096]);
    expect(short!.cuSeqlens).toHaveLength(4096 / 32 + 1);
    expect([...short!.inputIds.subarray(0, 33)]).toEqual([0, ...Array.from({ length: 30 }, () => 20), 2, 0]);
    expect([...short!.positionIds.subarray(30, 34)]).toEqual([30n, 31n, 0n, 1n]);
  });

  test('are one sequence where that is longer than the budget, or packing is off', () => {
    expect(
      largestPacks({ tokens: 16, maxSequenceTokens: 1024 }).map(({ cuSeqlens }) => [...cuSeqlens]),
    ).toEqual([[0, 1024]]);
    expect(largestPacks({ tokens: 0, maxSequenceTokens: 5 }).map(({ cuSeqlens }) => [...cuSeqlens])).toEqual([
      [0, 5],
    ]);
    expect([...smallestPack().inputIds]).toEqual([0, 20, 2]);
  });

  test('are packs that a loader could have made', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5000 }),
        fc.integer({ min: 3, max: 2000 }),
        (tokens, maxSequenceTokens) => {
          for (const { inputIds, positionIds, cuSeqlens } of largestPacks({ tokens, maxSequenceTokens })) {
            expect(cuSeqlens.at(-1)).toBe(inputIds.length);
            expect(positionIds).toHaveLength(inputIds.length);
            expect(inputIds.length).toBeLessThanOrEqual(Math.max(tokens, maxSequenceTokens));
            expect(inputIds.length).toBeGreaterThan(tokens - 3);
            const sequences = [...cuSeqlens.subarray(1)].map((end, index) => ({
              start: cuSeqlens[index]!,
              end,
            }));
            const isWhole = ({ start, end }: { readonly start: number; readonly end: number }): boolean =>
              end - start >= 3 &&
              end - start <= maxSequenceTokens &&
              inputIds[start] === 0 &&
              inputIds[end - 1] === 2 &&
              positionIds[end - 1] === BigInt(end - start - 1);
            expect(sequences.filter((sequence) => !isWhole(sequence))).toEqual([]);
          }
        },
      ),
    );
  });
});

describe('the warm-up', () => {
  test('computes all shapes and says nothing when there is room', async () => {
    const device = deviceWithRoom(4096);
    await computeLargest(device, { device: 'cuda:1', tokens: 4096, maxSequenceTokens: 1000 });
    expect(device.tried).toEqual([4096, 4096, 4096]);
  });

  test('names the first half that fits', async () => {
    await expect(
      computeLargest(deviceWithRoom(3000), { device: 'cuda:1', tokens: 16_384, maxSequenceTokens: 1024 }),
    ).rejects.toMatchObject({
      code: 'TOKEN_BUDGET_TOO_LARGE',
      exitCode: 2,
      message: expect.stringContaining('2048 fit: use --token-budget 2048.') as unknown,
    });
  });

  test('says so when not even the longest sequence fits', async () => {
    await expect(
      computeLargest(deviceWithRoom(900), { device: 'cuda:1', tokens: 16_384, maxSequenceTokens: 1024 }),
    ).rejects.toThrow(/No smaller packs fit either: use a smaller --max-residues/);
  });

  test('takes no other failure for a lack of memory', async () => {
    const broken: InferenceSession = {
      ...deviceWithRoom(1),
      run: () => Promise.reject(new Error('bad graph')),
    };
    await expect(
      computeLargest(broken, { device: 'cuda:1', tokens: 64, maxSequenceTokens: 64 }),
    ).rejects.toThrow('bad graph');
  });
});
