import { lstat, realpath } from 'node:fs/promises';

import { partPath, type DurableFileSystem } from '@virnucpro/checkpoint/file-system';

import { pathsOfPrefix } from './output-paths.ts';

/**
 * Whoever has the PREFIX's lock is the only one at work on it: temporary files of any translation of it are those of a process
 * that was killed, also of files that this command does not write.
 */
export async function removeLeftParts(fileSystem: DurableFileSystem, prefix: string): Promise<void> {
  for (const part of [...pathsOfPrefix(prefix)].map(partPath)) {
    const found = await lstat(part).catch(absent);
    if (found?.isFile() === true) await fileSystem.remove(part);
  }
}

/**
 * Files of another chunk length, or chunks and bases beside new proteins, look as if they belonged to what was written:
 * nobody asked to remove them, but they do not.
 *
 * @param written paths of this translation
 * @param inputs real paths
 * @returns warnings
 */
export async function earlierFiles(
  prefix: string,
  written: readonly string[],
  inputs: ReadonlySet<string>,
): Promise<string[]> {
  const left: string[] = [];
  for (const path of pathsOfPrefix(prefix)) {
    if (written.includes(path)) continue;
    const found = await realpath(path).catch(absent);
    if (found !== null && !inputs.has(found)) left.push(path);
  }
  if (left.length === 0) return [];
  return [`Left as they were, from an earlier translation: ${left.join(', ')}.`];
}

function absent(): null {
  return null;
}
