import type { Stats } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';

import { partPath, type DurableFileSystem } from '@virnucpro/checkpoint/file-system';
import { UsageError } from '@virnucpro/protocol';

import { pathsOfPrefix } from './output-paths.ts';

/**
 * A folder, a pipe or a device would be met only when the other files have their names already, and some of them would
 * be replaced like a file: better before the work.
 *
 * @throws {UsageError} OUTPUT_NOT_WRITABLE
 */
export async function refuseOddFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    // What a link leads to counts; a link to a file is replaced, the file stays.
    refuseOdd(path, await stat(path).catch(absent));
    refuseOdd(partPath(path), await lstat(partPath(path)).catch(absent));
  }
}

function refuseOdd(path: string, found: Stats | null): void {
  if (found === null || found.isFile()) return;
  throw new UsageError(
    'OUTPUT_NOT_WRITABLE',
    `${path} is ${kindOf(found)}, no file. Move it away, or give another PREFIX with -o.`,
    { details: { path } },
  );
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a directory';
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return found.isSymbolicLink() ? 'a link' : 'a device';
}

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
