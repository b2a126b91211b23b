import { createHash } from 'node:crypto';

import type { DurableFileSystem } from './durable-file-system.ts';

const CHUNK_BYTES = 4 << 20;

/** Length and sha256 (hex) of a file; a chunk at a time is in memory. */
export async function hashFile(
  fileSystem: DurableFileSystem,
  path: string,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  const file = await fileSystem.open(path, 'r');
  try {
    // Not until nothing comes any more: a device in the file's place may never end.
    const size = await file.size();
    let bytes = 0;
    while (bytes < size) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - bytes));
      const read = await file.read(chunk, bytes);
      if (read === 0) break;
      hash.update(chunk.subarray(0, read));
      bytes += read;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}
