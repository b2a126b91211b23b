import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';

import { BgzfWatch, gzipError, gzipTruncated, isGzip } from './gzip.ts';

const DECOMPRESSED_CHUNK_BYTES = 256 * 1024;

/** Takes the bytes of a source, to the last. */
export type ByteSink = (source: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Sends a source into a sink, decompressed when its first bytes are those of gzip (also of many members).
 *
 * @param onBytes told of each chunk that was read from the source
 * @throws {InputError} GZIP_TRUNCATED, GZIP_CORRUPT; errors of source and sink as they are
 */
export async function decompressInto(
  sink: ByteSink,
  source: { readonly stream: NodeJS.ReadableStream; readonly displayPath: string },
  onBytes: (count: number) => void,
): Promise<void> {
  const watch = new BgzfWatch();
  const chunks = watched(source.stream, (bytes) => {
    watch.push(bytes);
    onBytes(bytes.length);
  });
  const { head, rest } = await peek(chunks);
  const bytes = Readable.from(rest, { objectMode: true });
  try {
    if (isGzip(head)) await pipeline(bytes, createGunzip({ chunkSize: DECOMPRESSED_CHUNK_BYTES }), sink);
    else await pipeline(bytes, sink);
  } catch (error) {
    throw gzipError(source.displayPath, error);
  }
  if (!watch.complete) throw gzipTruncated(source.displayPath);
}

async function* watched(
  stream: NodeJS.ReadableStream,
  onChunk: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    onChunk(bytes);
    yield bytes;
  }
}

/** The first bytes of a source (two if it has them), and all of it, the first bytes included. */
async function peek(
  chunks: AsyncGenerator<Uint8Array>,
): Promise<{ head: Uint8Array; rest: AsyncIterable<Uint8Array> }> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    if (head.length > 0) yield head;
    yield* chunks;
  }
  return { head, rest: rest() };
}
