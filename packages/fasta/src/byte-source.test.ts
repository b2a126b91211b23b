import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decompressInto } from './byte-source.ts';

/** Does not get smaller, so that there is much of it before and after any place. */
const CONTENT = randomBytes(3 << 20);
const GZIP = gzipSync(CONTENT, { level: 1 });

function streamOf(bytes: Uint8Array, chunkBytes = 64 * 1024): Readable {
  function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  return Readable.from(chunks(), { objectMode: false });
}

async function decompressed(stream: Readable): Promise<Buffer> {
  const taken: Uint8Array[] = [];
  const sink = async (source: AsyncIterable<Uint8Array>) => {
    for await (const bytes of source) taken.push(Uint8Array.from(bytes));
  };
  await decompressInto(sink, { stream, displayPath: 'x.gz' }, () => undefined);
  return Buffer.concat(taken);
}

describe('a source of bytes', () => {
  it.each([
    ['plain', CONTENT],
    ['gzip', GZIP],
    [
      'gzip of two members',
      Buffer.concat([gzipSync(CONTENT.subarray(0, 99)), gzipSync(CONTENT.subarray(99))]),
    ],
  ])('of %s comes out whole', async (_kind, bytes) => {
    expect((await decompressed(streamOf(bytes))).equals(CONTENT)).toBe(true);
  });

  it('may have zeros behind its gzip data, however it is cut', async () => {
    const content = randomBytes(5000);
    const gzip = gzipSync(content);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 9000 }),
        fc.integer({ min: 1, max: 6000 }),
        async (zeros, chunkBytes) => {
          const stream = streamOf(Buffer.concat([gzip, Buffer.alloc(zeros)]), chunkBytes);
          expect((await decompressed(stream)).equals(content)).toBe(true);
        },
      ),
    );
  });

  it('with data behind such zeros is refused: half of it would be lost', async () => {
    const tail = Buffer.concat([GZIP, Buffer.alloc(200_000), gzipSync('>b\nMK\n')]);
    await expect(decompressed(streamOf(tail))).rejects.toMatchObject({
      code: 'GZIP_CORRUPT',
      message: expect.stringContaining('x.gz has other data behind the end'),
    });
  });

  it.each([
    ['plain', CONTENT],
    ['gzip', GZIP],
  ])(
    'of %s: a reader that fails half-way fails with its own error, and the source is closed',
    async (_kind, bytes) => {
      const stream = streamOf(bytes);
      const full = new Error('the disk is full');
      let taken = 0;
      const sink = async (source: AsyncIterable<Uint8Array>) => {
        for await (const chunk of source) if ((taken += chunk.length) > CONTENT.length / 2) throw full;
      };
      await expect(decompressInto(sink, { stream, displayPath: 'x' }, () => undefined)).rejects.toBe(full);
      expect(stream.destroyed).toBe(true);
    },
  );

  it.each([
    ['plain', CONTENT],
    ['gzip', GZIP],
  ])('of %s that fails half-way fails with its own error', async (_kind, bytes) => {
    const gone = new Error('the share is gone');
    function* failing() {
      yield bytes.subarray(0, bytes.length / 2);
      throw gone;
    }
    await expect(decompressed(Readable.from(failing(), { objectMode: false }))).rejects.toBe(gone);
  });

  it('that is damaged half-way is named', async () => {
    const damaged = Buffer.from(GZIP);
    damaged.fill(0xff, GZIP.length >> 1, (GZIP.length >> 1) + 100);
    await expect(decompressed(streamOf(damaged))).rejects.toMatchObject({
      code: 'GZIP_CORRUPT',
      message: expect.stringContaining('x.gz is a damaged gzip file'),
    });
  });
});
