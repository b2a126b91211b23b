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
    let bytes = 0;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const read = await file.read(chunk, bytes);
      hash.update(chunk.subarray(0, read));
      bytes += read;
      if (read < CHUNK_BYTES) return { bytes, sha256: hash.digest('hex') };
    }
  } finally {
    await file.close();
  }
}
