import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toShardId, type Shard } from '@virnucpro/protocol';

import { crc32 } from './crc32.ts';
import { readShardBytes } from './shard-bytes.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fasta-shard-bytes-'));
  path = join(folder, 'a.faa');
  await writeFile(path, '>a\nMK\n>b\nVL\n');
});

afterEach(async () => rm(folder, { recursive: true }));

const shard: Shard = {
  shardId: toShardId(1),
  fileIndex: 0,
  byteStart: 6,
  byteEnd: 12,
  firstOrdinal: 1,
  recordCount: 1,
  tokens: 4,
  crc32: crc32(Buffer.from('>b\nVL\n')),
};

test('a shard is read alone, into a buffer that can be transferred', async () => {
  const bytes = await readShardBytes(path, 'a.faa', shard);
  expect(Buffer.from(bytes).toString()).toBe('>b\nVL\n');
  expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, 6]);
});

test('other bytes, a shorter file and a missing file are told as a changed input', async () => {
  const changed = { code: 'INPUT_CHANGED', message: expect.stringContaining('given/a.faa') };
  await writeFile(path, '>a\nMK\n>b\nVI\n');
  await expect(readShardBytes(path, 'given/a.faa', shard)).rejects.toMatchObject(changed);
  await truncate(path, 9);
  await expect(readShardBytes(path, 'given/a.faa', shard)).rejects.toMatchObject(changed);
  await rm(path);
  await expect(readShardBytes(path, 'given/a.faa', shard)).rejects.toMatchObject(changed);
});
