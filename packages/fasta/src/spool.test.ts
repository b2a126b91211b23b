import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { deflateRawSync, gzipSync } from 'node:zlib';

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { InputFile } from './input-files.ts';
import { spoolInputs, type SpoolProgress } from './spool.ts';

let folder: string;
let spool: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fasta-spool-'));
  spool = join(folder, 'spool');
});

afterEach(async () => rm(folder, { recursive: true }));

const FASTA = '>a\nMK\n>b\nVL\n';
const NO_INPUT = Readable.from([]);
const STDIN: InputFile = { displayPath: '-', path: '', kind: 'stdin', bytes: null };

async function gzipFile(name: string, content: Uint8Array): Promise<InputFile> {
  const path = join(folder, name);
  await writeFile(path, content);
  return { displayPath: name, path, kind: 'gzip', bytes: content.length };
}

const stdinOf = (...chunks: (string | Uint8Array)[]) =>
  Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

/** A BGZF block as bgzip writes it. */
function bgzfBlock(text: string): Buffer {
  const head = Buffer.from('1f8b08040000000000ff060042430200ffff', 'hex');
  const gzip = gzipSync(text);
  const block = Buffer.concat([head, deflateRawSync(text), gzip.subarray(-8)]);
  block.writeUInt16LE(block.length - 1, 16);
  return block;
}

const BGZF_END = Buffer.from('1f8b08040000000000ff0600424302001b0003000000000000000000', 'hex');

test('plain files pass through and nothing is written', async () => {
  const path = join(folder, 'a.faa');
  await writeFile(path, FASTA);
  const [file] = await spoolInputs(
    [{ displayPath: 'a.faa', path, kind: 'plain', bytes: 12 }],
    spool,
    NO_INPUT,
  );
  expect(file).toEqual({ displayPath: 'a.faa', path, bytes: 12, mtimeMs: (await stat(path)).mtimeMs });
  await expect(stat(spool)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a gzip file of many members is written whole, with progress', async () => {
  const content = Buffer.concat([gzipSync('>a\nMK\n'), gzipSync('>b\n'), gzipSync('VL\n')]);
  const seen: SpoolProgress[] = [];
  const input = await gzipFile('a.faa.gz', content);
  const [file] = await spoolInputs([input], spool, NO_INPUT, {
    onProgress: (progress) => seen.push(progress),
  });
  expect(await readFile(file!.path, 'utf8')).toBe(FASTA);
  expect(file).toMatchObject({ displayPath: 'a.faa.gz', bytes: 12 });
  expect(seen.at(-1)).toEqual({
    displayPath: 'a.faa.gz',
    bytesRead: content.length,
    bytesTotal: content.length,
  });
  expect(await readdir(spool)).toHaveLength(1);
});

test('a spooled gzip file is used again until the original changes', async () => {
  const input = await gzipFile('a.gz', gzipSync(FASTA));
  const [first] = await spoolInputs([input], spool, NO_INPUT);
  await writeFile(first!.path, 'marked');
  const [again] = await spoolInputs([input], spool, NO_INPUT);
  expect(await readFile(again!.path, 'utf8')).toBe('marked');
  await gzipFile('a.gz', gzipSync(FASTA + FASTA));
  const [changed] = await spoolInputs([input], spool, NO_INPUT);
  expect(await readFile(changed!.path, 'utf8')).toBe(FASTA + FASTA);
});

test('BGZF is read, and one without its end block is truncated', async () => {
  const blocks = Buffer.concat([bgzfBlock('>a\nMK\n'), bgzfBlock('>b\nVL\n')]);
  const [file] = await spoolInputs(
    [await gzipFile('a.gz', Buffer.concat([blocks, BGZF_END]))],
    spool,
    NO_INPUT,
  );
  expect(await readFile(file!.path, 'utf8')).toBe(FASTA);
  await expect(spoolInputs([await gzipFile('b.gz', blocks)], spool, NO_INPUT)).rejects.toMatchObject({
    code: 'GZIP_TRUNCATED',
    message: expect.stringContaining('b.gz'),
  });
});

test('a gzip file cut anywhere inside is truncated, and leaves nothing behind', async () => {
  const whole = gzipSync(FASTA);
  for (let length = 2; length < whole.length; length += 5) {
    const input = await gzipFile('cut.gz', whole.subarray(0, length));
    await expect(spoolInputs([input], spool, NO_INPUT)).rejects.toMatchObject({
      code: 'GZIP_TRUNCATED',
      exitCode: 2,
      message: expect.stringContaining('cut.gz'),
    });
  }
  expect(await readdir(spool)).toEqual([]);
});

test('a flipped bit and bytes after the end are corruption', async () => {
  const flipped = gzipSync(FASTA);
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 6) ^ 1, flipped.length - 6);
  const trailed = Buffer.concat([gzipSync(FASTA), Buffer.from('trailing garbage')]);
  for (const content of [flipped, trailed]) {
    const input = await gzipFile('bad.gz', content);
    await expect(spoolInputs([input], spool, NO_INPUT)).rejects.toMatchObject({ code: 'GZIP_CORRUPT' });
  }
});

test('a gzip file of nothing is empty', async () => {
  const input = await gzipFile('none.gz', gzipSync(''));
  await expect(spoolInputs([input], spool, NO_INPUT)).rejects.toMatchObject({ code: 'INPUT_EMPTY' });
  expect(await readdir(spool)).toEqual([]);
});

test('standard input, also gzipped, is spooled whatever chunks it comes in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.boolean(), async (chunkBytes, zipped) => {
      const content = zipped ? gzipSync(FASTA) : Buffer.from(FASTA);
      const count = Math.ceil(content.length / chunkBytes);
      const chunks = Array.from({ length: count }, (_, index) =>
        content.subarray(index * chunkBytes, (index + 1) * chunkBytes),
      );
      await rm(spool, { recursive: true, force: true });
      const [file] = await spoolInputs([STDIN], spool, stdinOf(...chunks));
      expect(await readFile(file!.path, 'utf8')).toBe(FASTA);
    }),
    { numRuns: 30 },
  );
});

test('empty standard input is an error when there is nothing from before', async () => {
  await expect(spoolInputs([STDIN], spool, stdinOf())).rejects.toMatchObject({ code: 'INPUT_EMPTY' });
});

test('spooled standard input is used again for the same data, for nothing and at a terminal', async () => {
  const [first] = await spoolInputs([STDIN], spool, stdinOf(FASTA));
  const terminal = Object.assign(new Readable({ read: () => undefined }), { isTTY: true });
  for (const again of [stdinOf(FASTA), stdinOf(FASTA.slice(0, 5), FASTA.slice(5)), stdinOf(), terminal]) {
    expect(await spoolInputs([STDIN], spool, again)).toEqual([first]);
  }
});

test('other data on standard input than before is refused, and the spooled file kept', async () => {
  const [first] = await spoolInputs([STDIN], spool, stdinOf(FASTA));
  for (const other of [FASTA.replace('K', 'R'), FASTA.slice(0, -2), FASTA + '>c\nM\n']) {
    await expect(spoolInputs([STDIN], spool, stdinOf(other))).rejects.toMatchObject({
      code: 'INPUT_CHANGED',
    });
  }
  expect(await readFile(first!.path, 'utf8')).toBe(FASTA);
});

test('a spool folder that cannot be made passes the error of the file system on', async () => {
  await writeFile(join(folder, 'in-the-way'), '');
  const blocked = join(folder, 'in-the-way', 'spool');
  await expect(spoolInputs([STDIN], blocked, stdinOf(FASTA))).rejects.toMatchObject({ code: 'ENOTDIR' });
});
