import { describe, expect, test } from '@jest/globals';
import { toRank, toShardId, type OrchestratorMessage, type Shard } from '@virnucpro/protocol';

import { LeaseTable } from '../leases/lease-table.ts';
import { Dispatcher, type LeaseHolder } from './dispatcher.ts';

describe('Dispatcher', () => {
  test('gives each worker the shard it computes and the next one', () => {
    const [dispatcher, workers] = [new Dispatcher(tableOf(12)), [worker(0), worker(1)]];
    dispatcher.feed(workers);
    expect(workers.map(({ shards }) => shards)).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  test('gives the last shards to whoever is free', () => {
    const [dispatcher, workers] = [new Dispatcher(tableOf(9)), [worker(0), worker(1)]];
    dispatcher.feed(workers);
    expect(workers.map(({ shards }) => shards)).toEqual([[0], [1]]);
  });

  test('gives a lone worker its next shard up to the end: nobody else could compute it sooner', () => {
    const table = tableOf(3);
    const [dispatcher, lone] = [new Dispatcher(table), worker(0)];
    dispatcher.feed([lone]);
    expect(lone.shards).toEqual([0, 1]);
    dispatcher.complete(lone, table.heldBy(lone.rank)[0]!.leaseId, 0);
    dispatcher.feed([lone]);
    expect(lone.shards).toEqual([0, 1, 2]);
  });

  test('gives nothing to a worker that is not ready, and more to one that waits for its loaders', () => {
    const table = tableOf(20);
    const [starting, hungry] = [worker(0, { ready: false }), worker(1, { shardsWanted: 4 })];
    new Dispatcher(table).feed([starting, hungry]);
    expect(starting.shards).toEqual([]);
    expect(hungry.shards).toEqual([0, 1, 2, 3]);
  });
});

interface Worker extends LeaseHolder {
  /** Those it was told to compute. */
  readonly shards: number[];
}

function worker(rank: number, state: Partial<LeaseHolder> = {}): Worker {
  const shards: number[] = [];
  const send = (message: OrchestratorMessage): void => {
    if (message.type === 'assign') shards.push(message.shard.shardId);
  };
  return {
    ...{
      rank: toRank(rank),
      ready: true,
      shardsWanted: 2,
      exclusive: false,
      killedFor: null,
      lastError: null,
    },
    ...{ handle: { send }, shards, ...state },
  };
}

/** All shards known. */
function tableOf(shards: number): LeaseTable {
  const table = new LeaseTable();
  for (let shardId = 0; shardId < shards; shardId += 1) table.add(shardOf(shardId));
  table.seal();
  return table;
}

function shardOf(shardId: number): Shard {
  return {
    ...{ shardId: toShardId(shardId), fileIndex: 0, byteStart: shardId, byteEnd: shardId + 1 },
    ...{ firstOrdinal: shardId, recordCount: 1, tokens: 3, crc32: 0 },
  };
}
