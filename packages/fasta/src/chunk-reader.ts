import { open } from 'node:fs/promises';

export interface ChunkRange {
  readonly chunkBytes: number;
  /** Two of `chunkBytes`, to read into; new ones if not given. */
  readonly buffers?: readonly [Uint8Array, Uint8Array] | undefined;
  /** Where to begin; 0 if not given. */
  readonly from?: number;
}

/**
 * The bytes of a file in order. The next chunk is read while the caller works on this one, so a chunk is
 * good only until the next is asked for. Memory: two chunks.
 *
 * @throws the file system's error
 */
export async function* readChunks(path: string, range: ChunkRange): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  let position = range.from ?? 0;
  let [current, next] = range.buffers ?? newBuffers(range.chunkBytes);
  let reading = file.read(next, 0, next.length, position);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      [current, next] = [next, current];
      position += bytesRead;
      reading = file.read(next, 0, next.length, position);
      yield current.subarray(0, bytesRead);
    }
  } finally {
    // Closing under a read in flight would fail it, and nobody would hear of that.
    await reading.catch(() => undefined);
    await file.close();
  }
}

function newBuffers(bytes: number): [Uint8Array, Uint8Array] {
  return [new Uint8Array(bytes), new Uint8Array(bytes)];
}
