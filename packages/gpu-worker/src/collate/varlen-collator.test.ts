import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { PackedBatch } from './packed-batch.ts';
import { VarlenCollator, type TokenizedSequence, type VarlenCollatorOptions } from './varlen-collator.ts';

describe('VarlenCollator', () => {
  test('lays a pack out without padding, in one buffer', () => {
    const [batch] = collate([sequence(0, [0, 7, 2]), sequence(1, [0, 8, 9, 2])], {
      tokenBudget: 16,
      enablePacking: true,
    });
    expect([...batch!.inputIds]).toEqual([0, 8, 9, 2, 0, 7, 2]);
    expect([...batch!.positionIds]).toEqual([0n, 1n, 2n, 3n, 0n, 1n, 2n]);
    expect([...batch!.cuSeqlens]).toEqual([0, 4, 7]);
    expect(batch).toMatchObject({ maxSeqlen: 4, numTokens: 7, numSequences: 2, sequenceIds: ['s1', 's0'] });
    expect([...batch!.recordIndices]).toEqual([1, 0]);
    expect(
      new Set([batch!.inputIds, batch!.positionIds, batch!.cuSeqlens].map(({ buffer }) => buffer)).size,
    ).toBe(1);
  });

  test('passes sequences on one by one, in order, when packing is off', () => {
    const batches = collate([sequence(0, [0, 2]), sequence(1, [0, 5, 2])], {
      tokenBudget: 16,
      enablePacking: false,
    });
    expect(batches.map(({ sequenceIds }) => sequenceIds)).toEqual([['s0'], ['s1']]);
  });

  test('runs a sequence over the budget alone', () => {
    const batches = collate([sequence(0, Array<number>(20).fill(5)), sequence(1, [0, 5, 2])], {
      tokenBudget: 10,
      enablePacking: true,
    });
    expect(batches.map(({ numTokens }) => numTokens)).toEqual([20, 3]);
  });

  test('hands out every sequence exactly once, whatever the buffer, and marks the last pack only', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 40 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 70 }),
        fc.boolean(),
        (lengths, bufferSize, enablePacking) => {
          const sequences = lengths.map((length, index) =>
            sequence(index, Array<number>(length).fill(index % 200)),
          );
          const batches = collate(sequences, { tokenBudget: 64, enablePacking, bufferSize });
          const seen = batches.flatMap(({ recordIndices }) => [...recordIndices]);
          expect(seen.sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
          for (const batch of batches) checkLayout(batch, sequences);
          expect(batches.map(({ packIndex }) => packIndex)).toEqual(batches.map((_, index) => index));
          expect(batches.filter(({ isLastOfShard }) => isLastOfShard).length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

function checkLayout(batch: PackedBatch, sequences: readonly TokenizedSequence[]): void {
  expect(batch.numTokens).toBeLessThanOrEqual(64);
  expect(batch.cuSeqlens[batch.numSequences]).toBe(batch.numTokens);
  batch.recordIndices.forEach((recordIndex, position) => {
    const [start, end] = [batch.cuSeqlens[position]!, batch.cuSeqlens[position + 1]!];
    expect([...batch.inputIds.subarray(start, end)]).toEqual([...sequences[recordIndex]!.tokens]);
    expect(batch.positionIds[end - 1]).toBe(BigInt(end - start - 1));
  });
}

function collate(sequences: readonly TokenizedSequence[], options: VarlenCollatorOptions): PackedBatch[] {
  const collator = new VarlenCollator(options);
  return [...sequences.flatMap((item) => collator.add(item)), ...collator.flush()];
}

function sequence(recordIndex: number, tokens: number[]): TokenizedSequence {
  return { id: `s${recordIndex}`, recordIndex, tokens: Uint8Array.from(tokens) };
}
