import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Shard } from '@virnucpro/protocol';
import fc from 'fast-check';

import { crc32 } from './crc32.ts';
import { hashId } from './id-hash.ts';
import { classifyRecord } from './record-class.ts';
import { forEachRecord } from './records.ts';
import { scanFasta, type ScanInternals, type ScanOptions } from './scan.ts';
import type { ScanSummary } from './scan-summary.ts';
import { readShardBytes } from './shard-bytes.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fasta-scan-'));
});

afterEach(async () => rm(folder, { recursive: true }));

const tokenTable = (letters: string): Uint8Array => {
  const tokenOf = new Uint8Array(256).fill(255);
  for (const letter of letters + letters.toLowerCase()) tokenOf[letter.charCodeAt(0)] = 4;
  return tokenOf;
};

const ESM_TOKENS = tokenTable('LAGVSERTIDPKQNFYMHWCXBUZOJ.-*');
const TOKENS_WITHOUT_STAR = tokenTable('LAGVSERTIDPKQNFYMHWCX');

const DEFAULTS: Omit<ScanOptions, 'files'> = {
  tokenOf: ESM_TOKENS,
  policy: { tokenBudget: 16, shardTokens: 40, maxRecordsPerShard: 5 },
  maxResidues: 12,
  longSequences: 'truncate',
  duplicateIds: 'error',
};

async function put(contents: readonly (string | Uint8Array)[]): Promise<ScanOptions['files']> {
  return Promise.all(
    contents.map(async (content, index) => {
      const displayPath = `input-${index}.faa`;
      const path = join(folder, displayPath);
      await writeFile(path, typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
      const { size, mtimeMs } = await stat(path);
      return { displayPath, path, bytes: size, mtimeMs };
    }),
  );
}

interface Scanned {
  shards: Shard[];
  summary: ScanSummary;
}

async function scan(
  contents: readonly (string | Uint8Array)[],
  options: Partial<ScanOptions> = {},
  internals: ScanInternals = { chunkBytes: 7, hash: hashId, vectors: true },
): Promise<Scanned> {
  const scanning = scanFasta({ ...DEFAULTS, files: await put(contents), ...options }, internals);
  const shards: Shard[] = [];
  for (;;) {
    const next = await scanning.next();
    if (next.done === true) return { shards, summary: next.value };
    shards.push(next.value);
  }
}

const oneOf = (characters: string) => fc.constantFrom(...characters.split(''));
const messy = oneOf('ACDEFGHIKLMNPQRSTVWYXacd*-.*** \t\v\r>;1J\n\xff');
const sequence = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: oneOf('ACDEFGHIKLMN\n'), maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: messy, maxLength: 30 }) },
);
const fasta = fc
  .record({
    prefix: fc.constantFrom('', '\xef\xbb\xbf', '\n \r\n', '\xef\xbb\xbf\n'),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    records: fc.array(
      fc.record({
        gap: fc.constantFrom('', ' ', '\t'),
        note: fc.constantFrom('', ' of x', ' a>b', '\t>'),
        sequence,
      }),
      { minLength: 1, maxLength: 25 },
    ),
    lastLineEnd: fc.boolean(),
  })
  .map(({ prefix, lineEnd, records, lastLineEnd }) => (fileIndex: number) => {
    const texts = records.map(({ gap, note, sequence: lines }, index) => {
      const body = lines.replaceAll(/(^|\n)>+/g, '$1').replaceAll('\n', lineEnd);
      return `>${gap}id${String(fileIndex)}.${String(index)}${note}${lineEnd}${body}`;
    });
    return prefix + texts.join(lineEnd) + (lastLineEnd ? lineEnd : '');
  });

const options = fc.record({
  tokenOf: fc.constantFrom(ESM_TOKENS, TOKENS_WITHOUT_STAR),
  longSequences: fc.constantFrom('truncate' as const, 'reject' as const),
});

describe('for any FASTA, however messy', () => {
  test('the scan finds the same for any chunk size, with and without vectors', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fasta, { minLength: 1, maxLength: 3 }),
        options,
        fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 64, max: 2048 })),
        async (files, settings, chunkBytes) => {
          const contents = files.map((file, index) => file(index));
          const whole = await scan(contents, settings, { chunkBytes: 1 << 16, hash: hashId, vectors: false });
          for (const vectors of [false, true]) {
            expect(await scan(contents, settings, { chunkBytes, hash: hashId, vectors })).toEqual(whole);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('shards tile the records, and hold what reading them record by record finds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fasta, { minLength: 1, maxLength: 3 }), options, async (files, settings) => {
        const contents = files.map((file, index) => file(index));
        const { shards, summary } = await scan(contents, settings);
        expect(shards.map(({ shardId }) => shardId)).toEqual(shards.map((_, index) => index));
        const found = await readAll(contents, shards, settings);
        const { records, residues, tokens, longRecords, emptyRecords, invalidRecords } = summary;
        expect({ records, residues, tokens, longRecords, emptyRecords, invalidRecords }).toEqual(found);
        expect(summary.shards).toBe(shards.length);
        expect(summary.firstInvalid === null).toBe(invalidRecords === 0);
        for (const [index, file] of summary.files.entries()) {
          expect(file.crc32).toBe(crc32(Buffer.from(contents[index]!, 'latin1')));
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** Reads all shards record by record; checks that they tile the files and carry the right sums. */
async function readAll(
  contents: readonly string[],
  shards: readonly Shard[],
  { tokenOf, longSequences }: Pick<ScanOptions, 'tokenOf' | 'longSequences'>,
) {
  const found = { records: 0, residues: 0, tokens: 0, longRecords: 0, emptyRecords: 0, invalidRecords: 0 };
  for (const [fileIndex, content] of contents.entries()) {
    const own = shards.filter((shard) => shard.fileIndex === fileIndex);
    expect(own[0]?.byteStart).toBe(content.indexOf('>'));
    expect(own.at(-1)?.byteEnd).toBe(content.length);
    let ordinal = 0;
    for (const [index, shard] of own.entries()) {
      const name = `input-${String(fileIndex)}.faa`;
      const bytes = await readShardBytes(join(folder, name), name, shard);
      expect(shard.firstOrdinal).toBe(ordinal);
      expect(shard.byteEnd).toBe(own[index + 1]?.byteStart ?? content.length);
      let shardTokens = 0;
      forEachRecord(bytes, shard.firstOrdinal, (record) => {
        expect(record.ordinal).toBe(ordinal);
        expect(record.id).toBe(`id${String(fileIndex)}.${String(ordinal)}`);
        const { sequenceStart, sequenceEnd } = record;
        const verdict = classifyRecord(
          bytes,
          sequenceStart,
          sequenceEnd,
          tokenOf,
          DEFAULTS.maxResidues,
          longSequences,
        );
        found.records += 1;
        if (verdict.tokens > 0) found.residues += verdict.residues;
        if (verdict.status === 'empty') found.emptyRecords += 1;
        if (verdict.status === 'invalid') found.invalidRecords += 1;
        if (verdict.status === 'truncated' || verdict.status === 'too-long') found.longRecords += 1;
        shardTokens += verdict.tokens;
        ordinal += 1;
      });
      expect(shard.tokens).toBe(shardTokens);
      expect(shard.recordCount).toBe(ordinal - shard.firstOrdinal);
      found.tokens += shardTokens;
    }
  }
  return found;
}

test('a small file is summed up', async () => {
  const { shards, summary } = await scan(['\n>a x\r\nMKV\r\nL*\r\n>b\n>c\nM1K\n>d\nMKMKMKMKMKMKMKMK']);
  expect(shards).toMatchObject([{ byteStart: 1, byteEnd: 45, recordCount: 4, tokens: 6 + 14 }]);
  expect(summary).toEqual({
    records: 4,
    sequences: 4,
    residues: 20,
    tokens: 20,
    shards: 1,
    longRecords: 1,
    emptyRecords: 1,
    invalidRecords: 1,
    firstInvalid: { displayPath: 'input-0.faa', ordinal: 2, line: 7, id: 'c', byte: 0x31 },
    files: [{ displayPath: 'input-0.faa', bytes: 45, records: 4, residues: 20, crc32: expect.any(Number) }],
    minResidues: 4,
    maxResidues: 16,
  });
});

test('the first shard is there before the rest of the file is read', async () => {
  const text = Array.from({ length: 2000 }, (_, index) => `>id${String(index)}\nMKVLAAGG\n`).join('');
  const scanning = scanFasta(
    { ...DEFAULTS, files: await put([text]) },
    { chunkBytes: 64, hash: hashId, vectors: true },
  );
  const first = await scanning.next();
  expect(first.value).toMatchObject({ shardId: 0, byteStart: 0 });
  await scanning.return({} as ScanSummary);
});

test('an aborted scan ends with the reason', async () => {
  const signal = AbortSignal.abort(new Error('stopped by the user'));
  await expect(scan(['>a\nMK\n'], { signal })).rejects.toThrow('stopped by the user');
});

const escaped = (text: string) => text.replaceAll(/[().]/g, String.raw`\$&`);

describe('refused, with the file named:', () => {
  const cases: [string, string, string, string][] = [
    ['text', 'This is a letter.\n', 'NOT_FASTA', 'starts with "This is a letter."'],
    ['FASTQ', '@read1\nACGT\n+\nIIII\n', 'NOT_FASTA', 'looks like FASTQ'],
    ['comment lines', '; comment\n>a\nMK\n', 'NOT_FASTA', 'Comment lines'],
    ['a program', '\x7fELF\x02\x01\x01\0\0\0', 'INPUT_BINARY', 'binary'],
    ['bzip2', 'BZh91AY&SY', 'INPUT_BINARY', 'bzip2'],
    ['gzip inside gzip', '\x1f\x8b\x08\0', 'INPUT_BINARY', 'gzip'],
    ['UTF-16', '\xff\xfe>\0a\0', 'INPUT_BINARY', 'UTF-16'],
    ['a NUL in a sequence', '>a\nMK\nV\0L\n', 'INPUT_BINARY', 'byte 7 (line 3)'],
    ['a NUL in a header', '>a b\0\nMK\n', 'INPUT_BINARY', 'byte 4 (line 1)'],
    ['a NUL in an id', '>a\0b\nMK\n', 'INPUT_BINARY', 'byte 2 (line 1)'],
    ['blank lines alone', '\n \r\n\n', 'INPUT_EMPTY', 'no FASTA record'],
    ['a byte order mark alone', '\xef\xbb\xbf', 'INPUT_EMPTY', 'no FASTA record'],
    ['a record without id', '>a\nMK\n> \nVL\n', 'MISSING_ID', 'line 3'],
    ['lines that end with CR alone', '>a x\rMK\r>b\rVL\r', 'LINE_ENDS', 'line 1'],
    ['a CR inside a header', '>a\nMK\n>b\r\nVL\n>c\rMKV\n>d\nMK\n', 'LINE_ENDS', 'line 5'],
    ['a last > without id', '>a\nMK\n>', 'MISSING_ID', 'line 3'],
  ];
  test.each(cases)('%s', async (_, content, code, part) => {
    for (const chunkBytes of [64, 4096]) {
      await expect(scan([content], {}, { chunkBytes, hash: hashId, vectors: true })).rejects.toMatchObject({
        code,
        exitCode: 2,
        message: expect.stringMatching(new RegExp(`input-0\\.faa.*${escaped(part)}`, 's')),
      });
    }
  });
});

describe('ids', () => {
  const filler = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => `>${name}${String(index)} note\nMK\n\nVL\n`).join('');

  test('one that comes twice in a file is told with both lines', async () => {
    const text = `${filler(30, 'x')}>twin\nMK\n${filler(30, 'y')}>twin other\nVL\n`;
    for (const chunkBytes of [1, 50, 4096]) {
      await expect(scan([text], {}, { chunkBytes, hash: hashId, vectors: true })).rejects.toMatchObject({
        code: 'DUPLICATE_ID',
        message: expect.stringContaining(
          '"twin" is given twice: input-0.faa, line 121, and input-0.faa, line 243',
        ),
        details: { id: 'twin', firstOrdinal: 30, secondOrdinal: 61 },
      });
    }
  });

  test('one that comes again in another file is told with both files', async () => {
    await expect(scan([`${filler(3, 'x')}>twin\nMK\n`, `${filler(2, 'z')}>twin`])).rejects.toMatchObject({
      code: 'DUPLICATE_ID',
      details: { firstPath: 'input-0.faa', firstLine: 13, secondPath: 'input-1.faa', secondLine: 9 },
    });
  });

  test('duplicates pass when they are to be kept', async () => {
    const { summary } = await scan(['>twin\nMK\n>twin\nVL\n'], { duplicateIds: 'keep' });
    expect(summary.records).toBe(2);
  });

  test('differ by any byte, also by case', async () => {
    const { summary } = await scan(['>twin\nMK\n>Twin\nVL\n>twin.\nMK\n>\xff\nM\n>\xfe\nM\n']);
    expect(summary.records).toBe(5);
  });

  test('of one hash are told apart by reading them, and a true twin among them is still found', async () => {
    const hash: ScanInternals['hash'] = (_bytes, _start, _end, out) => out.fill(7);
    const text = filler(12, 'x');
    for (const chunkBytes of [3, 4096]) {
      const { summary } = await scan([text, filler(3, 'y')], {}, { chunkBytes, hash, vectors: false });
      expect(summary.records).toBe(15);
      await expect(
        scan([text, `${filler(3, 'y')}>x5\nM`], {}, { chunkBytes, hash, vectors: false }),
      ).rejects.toMatchObject({
        code: 'DUPLICATE_ID',
        details: { id: 'x5', firstOrdinal: 5, secondPath: 'input-1.faa', secondOrdinal: 3 },
      });
    }
  });

  test('longer than a chunk are hashed whole', async () => {
    const long = 'i'.repeat(300);
    const internals = { chunkBytes: 16, hash: hashId, vectors: true };
    expect((await scan([`>${long}a\nM\n>${long}b\nM\n`], {}, internals)).summary.records).toBe(2);
    await expect(scan([`>${long}a\nM\n>${long}a\nM\n`], {}, internals)).rejects.toMatchObject({
      code: 'DUPLICATE_ID',
    });
  });
});

test('a file that grew since it was looked at is a changed input', async () => {
  const [file] = await put(['>a\nMK\n>b\nVL\n']);
  const scanning = scan(['>a\nMK\n>b\nVL\n'], { files: [{ ...file!, bytes: 6 }] });
  await expect(scanning).rejects.toMatchObject({ code: 'INPUT_CHANGED' });
});
