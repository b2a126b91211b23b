import type { Readable } from 'node:stream';

import { gunzipped } from './gunzip.ts';
import { gzipError, isGzip } from './gzip.ts';

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
  const { head, rest } = await peek(counted(source.stream, onBytes));
  try {
    await sink(isGzip(head) ? gunzipped(rest, source.displayPath) : rest);
  } catch (error) {
    throw gzipError(source.displayPath, error);
  } finally {
    // A sink that fails leaves a reader behind that waits for more: a pipe would hold the process.
    (source.stream as Readable).destroy();
  }
}

async function* counted(
  stream: NodeJS.ReadableStream,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    onBytes(bytes.length);
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
