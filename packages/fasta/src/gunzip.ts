import { createGunzip, type Gunzip } from 'node:zlib';

import { BgzfWatch, gzipHasTail, gzipTruncated } from './gzip.ts';

const DECOMPRESSED_CHUNK_BYTES = 256 * 1024;

/**
 * Decompresses gzip of any number of members; zeros behind the last are padding, as tapes and block devices leave it.
 * Not by stream.pipeline: that takes padding, and any failure of the reader, for an abort of its own.
 *
 * @throws {InputError} GZIP_TRUNCATED (BGZF without its end), GZIP_CORRUPT (data behind the padding)
 * @throws zlib's errors, and those of the source, as they are
 */
export async function* gunzipped(
  source: AsyncIterable<Uint8Array>,
  displayPath: string,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: DECOMPRESSED_CHUNK_BYTES });
  // Errors are thrown by the loop below; one that comes after it has no reader.
  gunzip.on('error', () => undefined);
  const fed = feed(source, gunzip, displayPath);
  try {
    for await (const bytes of gunzip) yield bytes as Uint8Array;
    const failure = await fed;
    if (failure !== null) throw failure;
  } finally {
    gunzip.destroy();
  }
}

/** @returns what went wrong, or null; never rejects */
async function feed(
  source: AsyncIterable<Uint8Array>,
  gunzip: Gunzip,
  displayPath: string,
): Promise<Error | null> {
  const watch = new BgzfWatch();
  let offered = 0;
  try {
    for await (const bytes of source) {
      let padding = bytes;
      if (offered === gunzip.bytesWritten) {
        await write(gunzip, bytes);
        offered += bytes.length;
        padding = bytes.subarray(bytes.length - (offered - gunzip.bytesWritten));
        watch.push(bytes.subarray(0, bytes.length - padding.length));
      }
      if (padding.some((byte) => byte !== 0)) throw gzipHasTail(displayPath);
    }
    gunzip.end();
    return watch.complete ? null : gzipTruncated(displayPath);
  } catch (error) {
    gunzip.destroy(error as Error);
    return error as Error;
  }
}

/** Resolves when zlib has taken of the bytes what it wants: not all, if its data ends among them. */
function write(gunzip: Gunzip, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    gunzip.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
