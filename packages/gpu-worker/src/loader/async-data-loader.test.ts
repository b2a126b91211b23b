import { describe, expect, test } from '@jest/globals';
import { toLeaseId, toShardId } from '@virnucpro/protocol';

import { layOutPack } from '../collate/varlen-collator.ts';
import { createAsyncDataLoader, type Assignment } from './async-data-loader.ts';
import type { LoadedShard } from './load-shard.ts';

describe('createAsyncDataLoader', () => {
  test('hands out the packs of assigned shards in order and ends after close', async () => {
    const loader = createAsyncDataLoader({
      shardLoader: { load: loadNow },
      onPackDue: () => Promise.resolve(),
      prefetchDepth: { shards: 2 },
      onShardLoaded: noneFinished,
    });
    loader.assign(assignment(0));
    loader.assign(assignment(1));
    loader.close();
    expect(await namesOf(loader)).toEqual(['0/0', '0/1', '1/0', '1/1']);
  });

  test('leaves out packs that the log already holds', async () => {
    const loader = createAsyncDataLoader({
      shardLoader: { load: loadNow },
      onPackDue: () => Promise.resolve(),
      prefetchDepth: { shards: 2 },
      onShardLoaded: ({ shard }) => Promise.resolve(new Set(shard.shardId === 0 ? [0, 1] : [1])),
    });
    loader.assign(assignment(0));
    loader.assign(assignment(1));
    loader.close();
    expect(await namesOf(loader)).toEqual(['1/0']);
  });

  test('loads ahead while earlier packs are computed, but no further than allowed', async () => {
    const asked: number[] = [];
    const loader = createAsyncDataLoader({
      shardLoader: {
        load: ({ shardId }) => {
          asked.push(shardId);
          return loadNow({ shardId });
        },
      },
      onPackDue: () => Promise.resolve(),
      prefetchDepth: { shards: 2 },
      onShardLoaded: noneFinished,
    });
    for (const id of [0, 1, 2, 3]) loader.assign(assignment(id));
    expect(asked).toEqual([0, 1]);
    const packs = loader[Symbol.asyncIterator]();
    await packs.next();
    expect(asked).toEqual([0, 1, 2]);
    loader.close();
  });

  test('waits for assignments and wakes up for them', async () => {
    const loader = createAsyncDataLoader({
      shardLoader: { load: loadNow },
      onPackDue: () => Promise.resolve(),
      prefetchDepth: { shards: 1 },
      onShardLoaded: noneFinished,
    });
    const names = namesOf(loader);
    await Promise.resolve();
    loader.assign(assignment(7));
    loader.close();
    expect(await names).toEqual(['7/0', '7/1']);
  });

  test('passes on the error of a load when its turn comes', async () => {
    const loader = createAsyncDataLoader({
      shardLoader: {
        load: ({ shardId }) => (shardId === 1 ? Promise.reject(new Error('changed')) : loadNow({ shardId })),
      },
      onPackDue: () => Promise.resolve(),
      prefetchDepth: { shards: 2 },
      onShardLoaded: noneFinished,
    });
    loader.assign(assignment(0));
    loader.assign(assignment(1));
    const seen: number[] = [];
    const reading = (async () => {
      for await (const {
        assignment: { shard },
      } of loader)
        seen.push(shard.shardId);
    })();
    await expect(reading).rejects.toThrow('changed');
    expect(seen).toEqual([0, 0]);
  });
});

const noneFinished = () => Promise.resolve(new Set<number>());

function loadNow({ shardId }: { readonly shardId: number }): Promise<LoadedShard> {
  const packs = [0, 1].map((index) => {
    const tokens = Uint8Array.of(0, 5, 2);
    return layOutPack([{ id: `${shardId}/${index}`, recordIndex: index, tokens }], index, index === 1);
  });
  return Promise.resolve({ records: [], packs, harmlessToken: 5, copies: new Map(), tokens: 6, loadMs: 0 });
}

function assignment(id: number): Assignment {
  const shard = {
    shardId: toShardId(id),
    fileIndex: 0,
    byteStart: 0,
    byteEnd: 10,
    firstOrdinal: 0,
    recordCount: 2,
    tokens: 6,
    crc32: 0,
  };
  return { leaseId: toLeaseId(`lease-${id}`), attempt: 1, cautious: false, verdicts: [], shard };
}

async function namesOf(
  loader: AsyncIterable<{ readonly sequenceIds: readonly string[] }>,
): Promise<string[]> {
  const names: string[] = [];
  for await (const { sequenceIds } of loader) names.push(...sequenceIds);
  return names;
}
