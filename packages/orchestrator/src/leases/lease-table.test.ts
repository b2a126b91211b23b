import { describe, expect, test } from '@jest/globals';
import { toLeaseId, toRank, toShardId, type Shard } from '@virnucpro/protocol';
import fc from 'fast-check';

import { LeaseTable, type Lease } from './lease-table.ts';

describe('LeaseTable', () => {
  test('leases shards in input order and is done when all are completed', () => {
    const table = tableOf(3);
    const leases = [0, 1, 0].map((rank) => table.acquire(toRank(rank))!);
    expect(leases.map(({ shard }) => shard.shardId)).toEqual([0, 1, 2]);
    expect(table.acquire(toRank(1))).toBeNull();
    for (const { leaseId } of leases) expect(table.complete(leaseId)).toBe(true);
    expect(table.allDone).toBe(true);
  });

  test('gives the shards of a dead worker to the next one that asks, before later shards', () => {
    const table = tableOf(4);
    table.acquire(toRank(0));
    table.acquire(toRank(1));
    table.acquire(toRank(0));
    expect(table.releaseAll(toRank(0)).map(({ shard }) => shard.shardId)).toEqual([0, 2]);
    const next = [1, 1, 1].map((rank) => table.acquire(toRank(rank))!);
    expect(next.map(({ shard, attempt }) => [shard.shardId, attempt])).toEqual([
      [0, 2],
      [2, 2],
      [3, 1],
    ]);
  });

  test('refuses a result under a lease that was taken back, and one it never gave', () => {
    const table = tableOf(1);
    const late = table.acquire(toRank(0))!;
    table.releaseAll(toRank(0));
    const current = table.acquire(toRank(1))!;
    expect(table.complete(late.leaseId)).toBe(false);
    expect(table.complete(toLeaseId('lease-99'))).toBe(false);
    expect(table.complete(current.leaseId)).toBe(true);
    expect(table.complete(current.leaseId)).toBe(false);
  });

  test('is not done while the scan may still add shards', () => {
    const table = new LeaseTable();
    expect(table.allDone).toBe(false);
    table.seal();
    expect(table.allDone).toBe(true);
    expect(() => table.add(shard(0))).toThrow('after the last one');
  });

  test('loses no shard and completes none twice, whatever workers do', () => {
    const command = fc.record({
      kind: fc.constantFrom('acquire', 'complete', 'crash', 'late'),
      rank: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.nat(12), fc.array(command, { maxLength: 120 }), (shards, commands) => {
        const table = tableOf(shards);
        const completed: number[] = [];
        const lost: Lease[] = [];
        for (const { kind, rank: number } of commands) {
          const rank = toRank(number);
          const held = table.heldBy(rank)[0];
          if (kind === 'acquire') table.acquire(rank);
          else if (kind === 'complete' && held !== undefined) {
            expect(table.complete(held.leaseId)).toBe(true);
            completed.push(held.shard.shardId);
          } else if (kind === 'crash') lost.push(...table.releaseAll(rank));
          else for (const { leaseId } of lost) expect(table.complete(leaseId)).toBe(false);
          expect(table.queued + table.leased + table.done).toBe(shards);
        }
        for (let lease = table.acquire(toRank(0)); lease !== null; lease = table.acquire(toRank(0))) continue;
        for (const rank of [0, 1, 2].map(toRank)) {
          for (const {
            leaseId,
            shard: { shardId },
          } of table.heldBy(rank)) {
            expect(table.complete(leaseId)).toBe(true);
            completed.push(shardId);
          }
        }
        expect(table.allDone).toBe(true);
        expect(completed.sort((a, b) => a - b)).toEqual(Array.from({ length: shards }, (_, id) => id));
      }),
    );
  });
});

function tableOf(shards: number): LeaseTable {
  const table = new LeaseTable();
  for (let id = 0; id < shards; id += 1) table.add(shard(id));
  table.seal();
  return table;
}

function shard(id: number): Shard {
  return {
    shardId: toShardId(id),
    fileIndex: 0,
    byteStart: id * 10,
    byteEnd: id * 10 + 10,
    firstOrdinal: id,
    recordCount: 1,
    tokens: 3,
    crc32: 0,
  };
}
