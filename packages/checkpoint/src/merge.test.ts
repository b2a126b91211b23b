import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toShardId, type Shard } from '@virnucpro/protocol';

import { nodeFileSystem, type DurableFile, type DurableFileSystem } from './durable-file-system.ts';
import { hashSettings, writeManifest, type Manifest } from './manifest.ts';
import { mergeShardLogs, type MergeOptions, type MergeResult } from './merge.ts';
import { shardLogPath, ShardLogWriter } from './shard-log.ts';
import type { RecordEntry } from './shard-log-records.ts';
import { verifyRun } from './verify.ts';

const WIDTH = 2;
const RECORDS_PER_SHARD = [3, 1, 4];
const ROWS = 7;
const OUTPUTS = ['embeddings.npy', 'sequences.tsv', 'failed.tsv'] as const;

let directory = '';
let options: MergeOptions;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-merge-'));
  options = await writeLogs();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('mergeShardLogs', () => {
  test('writes rows in input order, whatever the order of packs, and rejected records elsewhere', async () => {
    const merged = await mergeShardLogs(options, ROWS);
    expect(merged).toMatchObject({ rows: ROWS, rejected: 1, rejectedByReason: { empty: 1 } });
    const npy = await readFile(join(directory, 'embeddings.npy'));
    expect(npy.toString('latin1', 0, 6)).toBe('\x93NUMPY');
    expect(npy.toString('latin1', 10, 128)).toContain(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (7, 2), }",
    );
    const rows = new Float32Array(Uint8Array.from(npy.subarray(128)).buffer);
    expect([...rows]).toEqual([0, 0, 2, 2, 10, 10, 20, 20, 21, 21, 22, 22, 23, 23]);
    expect(await readFile(join(directory, 'sequences.tsv'), 'utf8')).toBe(
      [
        'row\tid\tresidues\ttruncated\tfile\tordinal',
        '0\tid0\t5\tfalse\tin.faa\t0',
        '1\tid2\t5\tfalse\tin.faa\t2',
        '2\tid10\t5\tfalse\tin.faa\t10',
        ...[20, 21, 22, 23].map(
          (ordinal, index) => `${index + 3}\tid${ordinal}\t5\tfalse\tin.faa\t${ordinal}`,
        ),
        '',
      ].join('\n'),
    );
    expect(await readFile(join(directory, 'failed.tsv'), 'utf8')).toBe(
      'id\tfile\tordinal\treason\tdetail\nid1\tin.faa\t1\tempty\tno residues\n',
    );
  });

  test('failing at any call, and called again, gives the same bytes', async () => {
    const expected = await contents(await mergeShardLogs(options, ROWS));
    for (let failAt = 1; ; failAt += 1) {
      const failing = failAtCall(failAt);
      try {
        await mergeShardLogs({ ...options, fileSystem: failing.fileSystem }, ROWS);
      } catch (error) {
        expect(String(error)).toContain('injected');
      }
      if (!failing.failed()) break;
      expect(await contents(await mergeShardLogs(options, ROWS))).toEqual(expected);
    }
    expect((await readdir(directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('refuses logs that are damaged, and a row count that does not fit', async () => {
    await expect(mergeShardLogs(options, ROWS + 1)).rejects.toMatchObject({ code: 'MERGE_MISCOUNT' });
    const { path } = options.shards[1]!;
    const bytes = await readFile(path);
    bytes[bytes.length - 20]! ^= 4;
    await writeFile(path, bytes);
    await expect(mergeShardLogs(options, ROWS)).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
  });
});

test('verify finds any flipped byte in outputs and manifest', async () => {
  const merged = await mergeShardLogs(options, ROWS);
  await writeManifest(nodeFileSystem, join(directory, 'manifest.json'), manifestOf(merged));
  const verify = () => verifyRun(nodeFileSystem, directory);
  expect((await verify()).findings).toEqual([]);
  for (const name of [...OUTPUTS, 'manifest.json']) {
    const path = join(directory, name);
    const good = await readFile(path);
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1 << (at % 7);
      await writeFile(path, bad);
      expect((await verify()).findings.length).toBeGreaterThan(0);
    }
    await writeFile(path, good);
  }
  await rm(join(directory, 'failed.tsv'));
  expect((await verify()).findings).toEqual([{ file: 'failed.tsv', problem: 'it is missing' }]);
});

/** Shards of 3, 1 and 4 records at ordinals 0, 10, 20; each row holds its ordinal; record 1 is rejected. */
async function writeLogs(): Promise<MergeOptions> {
  const common = {
    runId: 'run',
    settingsHash: 'h',
    embeddingDim: WIDTH,
    dtype: 'float32',
    packerVersion: 'p',
  } as const;
  const shards = RECORDS_PER_SHARD.map((recordCount, index) => ({
    shard: shardOf(index, recordCount),
    path: shardLogPath(join(directory, 'checkpoints'), toShardId(index)),
  }));
  for (const { shard, path } of shards) {
    const ordinals = Array.from({ length: shard.recordCount }, (_, index) => shard.firstOrdinal + index);
    const records = ordinals.map(recordEntry);
    const { writer } = await ShardLogWriter.open(nodeFileSystem, path, { ...common, shard }, records);
    const accepted = [...records.keys()].filter((index) => records[index]!.rejection === null).reverse();
    for (const [packIndex, index] of accepted.entries()) {
      const rows = Float32Array.of(ordinals[index]!, ordinals[index]!);
      const recordIndices = Uint32Array.of(index);
      await writer.append({
        packIndex,
        recordIndices,
        rows: new Uint8Array(rows.buffer),
        rejections: [],
        notes: null,
      });
    }
    await writer.finish({ tokens: shard.tokens });
    await writer.close();
  }
  return {
    ...common,
    fileSystem: nodeFileSystem,
    shards,
    displayPaths: ['in.faa'],
    outputDirectory: directory,
  };
}

function recordEntry(ordinal: number): RecordEntry {
  const rejection = ordinal === 1 ? ({ reason: 'empty', detail: 'no residues' } as const) : null;
  return { id: `id${ordinal}`, residues: rejection === null ? 5 : 0, truncated: false, rejection };
}

function shardOf(index: number, recordCount: number): Shard {
  return {
    shardId: toShardId(index),
    fileIndex: 0,
    byteStart: index * 100,
    byteEnd: index * 100 + 50,
    firstOrdinal: index * 10,
    recordCount,
    tokens: 7 * recordCount,
    crc32: index,
  };
}

async function contents({ files }: MergeResult): Promise<Record<string, string>> {
  expect(files.map(({ name }) => name)).toEqual(OUTPUTS);
  const read = OUTPUTS.map(async (name) => [name, await readFile(join(directory, name), 'latin1')] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** The real file system, whose N-th call throws. */
function failAtCall(failAt: number): {
  readonly fileSystem: DurableFileSystem;
  readonly failed: () => boolean;
} {
  let calls = 0;
  const counted = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]): Promise<unknown> => {
          calls += 1;
          if (calls === failAt && property !== 'close') throw new Error('injected');
          const result: unknown = await Reflect.apply(member, object, args);
          return property === 'open' ? counted(result as DurableFile) : result;
        };
      },
    });
  return { fileSystem: counted(nodeFileSystem), failed: () => calls >= failAt };
}

function manifestOf(merged: MergeResult): Manifest {
  const time = '2026-01-01T00:00:00.000Z';
  const settings = { dtype: 'float32' };
  return {
    formatVersion: 1,
    runId: 'run',
    toolVersion: '0',
    createdAt: time,
    updatedAt: time,
    status: 'complete',
    settings,
    settingsHash: hashSettings(settings),
    options: {},
    model: {
      name: 'm',
      fingerprint: '0'.repeat(64),
      isDemo: false,
      embeddingDim: WIDTH,
      layers: 1,
      heads: 1,
      parameterCount: 1,
      graphVersion: 1,
    },
    inputs: [],
    scan: null,
    outputs: [...merged.files],
    records: null,
    notices: [],
  };
}
