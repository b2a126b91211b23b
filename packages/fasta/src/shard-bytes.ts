import { open, type FileHandle } from 'node:fs/promises';

import type { Shard } from '@virnucpro/protocol';

import { crc32 } from './crc32.ts';
import { inputChanged } from './fasta-error.ts';

/** One read call moves less than 2 GiB. */
const READ_BYTES = 1024 * 1024 * 1024;

/**
 * Reads the bytes of one shard and checks that they are those that were scanned.
 *
 * @returns exactly [byteStart, byteEnd), in a buffer of their own that can be transferred
 * @throws {InputError} INPUT_CHANGED when the file is gone, too short or holds other bytes there
 */
export async function readShardBytes(
  path: string,
  displayPath: string,
  shard: Shard,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await openScanned(path, displayPath);
  try {
    const bytes = new Uint8Array(shard.byteEnd - shard.byteStart);
    const bytesRead = await fill(file, bytes, shard.byteStart);
    if (bytesRead < bytes.length) {
      throw inputChanged(
        displayPath,
        `it ends at byte ${shard.byteStart + bytesRead}, not at ${shard.byteEnd} or later`,
      );
    }
    if (crc32(bytes) !== shard.crc32) {
      throw inputChanged(
        displayPath,
        `bytes ${shard.byteStart} to ${shard.byteEnd} are not those that were scanned`,
      );
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function openScanned(path: string, displayPath: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw inputChanged(displayPath, 'it is gone');
    throw error;
  }
}

async function fill(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const length = Math.min(READ_BYTES, bytes.length - filled);
    const { bytesRead } = await file.read(bytes, filled, length, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
