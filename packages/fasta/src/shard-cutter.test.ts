import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ShardCutter, type ShardDraft, type ShardPolicy } from './shard-cutter.ts';

const RECORD_BYTES_PER_TOKEN = 1;

interface CutRecord {
  tokens: number;
  bytes: number;
}

/** Cuts files of records that follow each other without gaps. */
function cut(files: readonly (readonly CutRecord[])[], policy: ShardPolicy): ShardDraft[] {
  const fileBytes = files.map((records) => records.reduce((sum, { bytes }) => sum + bytes, 0));
  const cutter = new ShardCutter(
    policy,
    fileBytes.reduce((sum, bytes) => sum + bytes, 0),
  );
  const shards: (ShardDraft | null)[] = [];
  for (const [index, records] of files.entries()) {
    cutter.beginFile(fileBytes[index]!);
    let start = 0;
    for (const { tokens, bytes } of records) {
      shards.push(cutter.add(start, start + bytes, tokens));
      start += bytes;
    }
    shards.push(cutter.endShard());
  }
  return shards.filter((shard) => shard !== null);
}

const records = (count: number, tokens: number): CutRecord[] =>
  Array.from({ length: count }, () => ({ tokens, bytes: tokens * RECORD_BYTES_PER_TOKEN }));

test('shards tile the records of every file: each in exactly one, in order, none empty, none over its limits', () => {
  const record = fc.record({
    tokens: fc.integer({ min: 0, max: 500 }),
    bytes: fc.integer({ min: 3, max: 600 }),
  });
  const policy = fc.record({
    tokenBudget: fc.integer({ min: 1, max: 400 }),
    shardTokens: fc.integer({ min: 1, max: 3000 }),
    maxRecordsPerShard: fc.integer({ min: 1, max: 20 }),
  });
  const files = fc.array(fc.array(record, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(files, policy, (input, limits) => {
      const shards = cut(input, limits);
      expect(shards.map(({ shardId }) => shardId)).toEqual(shards.map((_, index) => index));
      for (const [fileIndex, fileRecords] of input.entries()) {
        let ordinal = 0;
        let byte = 0;
        for (const shard of shards.filter((candidate) => candidate.fileIndex === fileIndex)) {
          const own = fileRecords.slice(ordinal, ordinal + shard.recordCount);
          expect(shard).toMatchObject({ firstOrdinal: ordinal, byteStart: byte });
          expect(shard.tokens).toBe(own.reduce((sum, { tokens }) => sum + tokens, 0));
          expect(shard.recordCount).toBeGreaterThan(0);
          expect(shard.recordCount).toBeLessThanOrEqual(limits.maxRecordsPerShard);
          if (own.filter(({ tokens }) => tokens > 0).length > 1) {
            expect(shard.tokens).toBeLessThanOrEqual(Math.max(limits.shardTokens, limits.tokenBudget));
          }
          ordinal += shard.recordCount;
          byte += own.reduce((sum, { bytes }) => sum + bytes, 0);
          expect(shard.byteEnd).toBe(byte);
        }
        expect(ordinal).toBe(fileRecords.length);
      }
    }),
  );
});

test('a shard ends just under a multiple of the token budget, so that its last pack is full too', () => {
  const policy = { tokenBudget: 1000, shardTokens: 10_000, maxRecordsPerShard: 16_384 };
  const shards = cut([records(100_000, 10)], policy);
  expect(shards[16]?.tokens).toBe(9980);
});

test('the first shards are small, so that no device waits long for its first pack', () => {
  const policy = { tokenBudget: 1000, shardTokens: 10_000, maxRecordsPerShard: 16_384 };
  const sizes = cut([records(200_000, 10)], policy).map(({ tokens }) => tokens);
  expect(sizes.filter((_, index) => index % 4 === 0).slice(0, 6)).toEqual([
    3990, 3990, 5980, 7980, 9980, 9980,
  ]);
});

test('shards shrink to two packs towards the end of the run, the very last to one', () => {
  const policy = { tokenBudget: 5000, shardTokens: 50_000, maxRecordsPerShard: 16_384 };
  const sizes = cut([records(100_000, 50)], policy).map(({ tokens }) => tokens);
  const falling = sizes.slice(20, -1);
  expect(falling).toEqual([...falling].sort((a, b) => b - a));
  expect(sizes.slice(-10)).toEqual([9950, 9950, 9950, 5000, 5000, 5000, 5000, 5000, 5000, 4600]);
});

test('of small packs a shard holds more than two', () => {
  const policy = { tokenBudget: 500, shardTokens: 10_000, maxRecordsPerShard: 16_384 };
  const sizes = cut([records(2000, 10)], policy).map(({ tokens }) => tokens);
  expect(Math.max(...sizes)).toBe(3990);
});

test('what is left of later files counts as left: a small first file does not make small shards', () => {
  const policy = { tokenBudget: 1000, shardTokens: 10_000, maxRecordsPerShard: 16_384 };
  const alone = cut([records(15_000, 10)], policy).map(({ tokens }) => tokens);
  const first = cut([records(15_000, 10), records(100_000, 10)], policy)
    .filter(({ fileIndex }) => fileIndex === 0)
    .map(({ tokens }) => tokens);
  expect(Math.max(...alone)).toBeLessThan(4001);
  expect(Math.max(...first)).toBe(9980);
});

test('a record larger than the target is a shard of its own', () => {
  const policy = { tokenBudget: 10, shardTokens: 20, maxRecordsPerShard: 100 };
  const shards = cut([[...records(1, 5), ...records(1, 500), ...records(1, 5)]], policy);
  expect(shards.map(({ tokens }) => tokens)).toEqual([5, 500, 5]);
});

test('records of many bytes and few tokens do not pile up in one shard', () => {
  const policy = { tokenBudget: 4096, shardTokens: 1_000_000, maxRecordsPerShard: 16_384 };
  const contigs = Array.from({ length: 10 }, () => ({ tokens: 1024, bytes: 30 * 1024 * 1024 }));
  expect(cut([contigs], policy).map(({ recordCount }) => recordCount)).toEqual([2, 2, 2, 2, 2]);
});
