import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { toShardId } from '@virnucpro/protocol';
import fc from 'fast-check';

import { nodeFileSystem } from './durable-file-system.ts';
import { isShardLogComplete, shardLogPath, ShardLogWriter } from './shard-log.ts';
import type { PackEntry, RecordEntry, ShardLogHeader } from './shard-log-records.ts';
import { readShardResult } from './shard-result.ts';

const WIDTH = 3;
let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-log-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const header: ShardLogHeader = {
  runId: 'run',
  settingsHash: 'settings',
  shard: {
    shardId: toShardId(7),
    fileIndex: 0,
    byteStart: 0,
    byteEnd: 100,
    firstOrdinal: 0,
    recordCount: 6,
    tokens: 30,
    crc32: 1,
  },
  embeddingDim: WIDTH,
  dtype: 'float32',
  packerVersion: 'test',
};

const records: RecordEntry[] = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => ({
  id,
  residues: index + 1,
  truncated: index === 5,
  rejection: index === 2 ? { reason: 'empty', detail: 'no residues' } : null,
}));

/** Three packs that together hold records 0, 1, 3, 4, 5; record 4 is rejected while computing. */
const packs: PackEntry[] = [pack(0, [5, 0]), { ...pack(1, [3]), rejections: [rejected(4)] }, pack(2, [1])];

let nextLog = 0;
const newPath = (): string => shardLogPath(join(directory, String(nextLog++)), toShardId(7));

describe('a shard log', () => {
  test('gives back what was appended, in record order, and says that it is complete', async () => {
    const path = await writtenLog();
    expect(await isShardLogComplete(nodeFileSystem, path, header)).toEqual({
      complete: true,
      packs: 3,
      rows: 4,
      rejected: 2,
      tokens: 30,
    });
    const result = await readShardResult(nodeFileSystem, path, header);
    expect([...floats(result.rows)]).toEqual([0, 1, 3, 5].flatMap((record) => [record, record, record]));
    expect([...result.rejections.keys()].sort()).toEqual([2, 4]);
    expect(result.records).toEqual(records);
  });

  test('cut anywhere, keeps whole packs only and can be continued to the same content', async () => {
    const whole = await readFile(await writtenLog());
    const start = await headLength();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (length) => {
        const path = newPath();
        await nodeFileSystem.makeDirectory(join(path, '..'));
        await writeFile(path, whole.subarray(0, length));
        const { writer, finishedPacks, discarded } = await ShardLogWriter.open(
          nodeFileSystem,
          path,
          header,
          records,
        );
        expect(discarded === null).toBe(length >= start);
        for (const entry of packs) if (!finishedPacks.has(entry.packIndex)) await writer.append(entry);
        await writer.finish({ tokens: 30 });
        await writer.close();
        expect((await readFile(path)).equals(whole)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('with any one byte changed, is never taken for complete', async () => {
    const whole = await readFile(await writtenLog());
    const path = newPath();
    await nodeFileSystem.makeDirectory(join(path, '..'));
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1 << (at % 8);
      await writeFile(path, damaged);
      expect(await isShardLogComplete(nodeFileSystem, path, header)).toMatchObject({ complete: false });
    }
  });

  test('of another run, setting, shard or input is thrown away, and that is said', async () => {
    const foreign: ShardLogHeader[] = [
      { ...header, runId: 'other' },
      { ...header, settingsHash: 'other' },
      { ...header, shard: { ...header.shard, crc32: 2 } },
    ];
    for (const other of foreign) {
      const path = await writtenLog();
      const opened = await ShardLogWriter.open(nodeFileSystem, path, other, records);
      expect(opened.discarded?.reason).toContain('another run, shard or setting');
      expect(opened.finishedPacks.size).toBe(0);
      await opened.writer.close();
    }
  });

  test('whose records are not those of the input is thrown away', async () => {
    const path = await writtenLog();
    const changed = records.map((entry) => (entry.id === 'b' ? { ...entry, id: 'B' } : entry));
    const opened = await ShardLogWriter.open(nodeFileSystem, path, header, changed);
    expect(opened.discarded?.reason).toContain('not those of the input');
    await opened.writer.close();
  });

  test('cannot be finished while records are unaccounted for', async () => {
    const { writer } = await ShardLogWriter.open(nodeFileSystem, newPath(), header, records);
    await writer.append(packs[0]!);
    await expect(writer.finish({ tokens: 30 })).rejects.toMatchObject({ code: 'SHARD_INCOMPLETE' });
    await writer.close();
  });

  test('that accounts for a record twice is not merged', async () => {
    const path = newPath();
    const { writer } = await ShardLogWriter.open(nodeFileSystem, path, header, records);
    for (const entry of [pack(0, [0, 1, 3]), pack(1, [3, 5])]) await writer.append(entry);
    await writer.finish({ tokens: 30 });
    await writer.close();
    await expect(readShardResult(nodeFileSystem, path, header)).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
    });
  });
});

async function writtenLog(): Promise<string> {
  const path = newPath();
  const { writer } = await ShardLogWriter.open(nodeFileSystem, path, header, records);
  await Promise.all(packs.map((entry) => writer.append(entry)));
  await writer.finish({ tokens: 30 });
  await writer.close();
  return path;
}

async function headLength(): Promise<number> {
  const path = newPath();
  const { writer } = await ShardLogWriter.open(nodeFileSystem, path, header, records);
  await writer.close();
  return (await readFile(path)).length;
}

function pack(packIndex: number, recordIndices: number[]): PackEntry {
  const rows = Float32Array.from(recordIndices.flatMap((record) => Array<number>(WIDTH).fill(record)));
  return {
    packIndex,
    recordIndices: Uint32Array.from(recordIndices),
    rows: new Uint8Array(rows.buffer),
    rejections: [],
    notes: null,
  };
}

function rejected(recordIndex: number): PackEntry['rejections'][number] {
  return { recordIndex, reason: 'non-finite', detail: 'NaN' };
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
