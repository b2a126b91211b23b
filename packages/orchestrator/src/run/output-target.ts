import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import type { RunPaths } from '@virnucpro/checkpoint';
import type { InputFile } from '@virnucpro/fasta';
import { UsageError } from '@virnucpro/protocol';

/**
 * A file that a person names for output is replaced whole: it must not be a device, a folder or a pipe.
 *
 * @param option as it was typed, for the message
 * @throws {UsageError} NOT_A_FILE
 */
export async function refuseOddTarget(option: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.isFile()) return;
  const what = found.isDirectory() ? 'a directory' : 'no regular file';
  throw new UsageError('NOT_A_FILE', `${option} ${path} is ${what}. Give the name of a file.`);
}

/**
 * Nor may it be what the run reads, or writes itself.
 *
 * @throws {UsageError} NOT_A_FILE, TARGET_TAKEN
 */
export async function refuseTakenTarget(
  option: string,
  path: string,
  inputs: readonly InputFile[],
  paths: RunPaths,
): Promise<void> {
  await refuseOddTarget(option, path);
  const target: string = await realpath(path).catch(() => resolve(path));
  const own = Object.values<string>({ ...paths }).map((name) => resolve(name));
  for (const input of inputs) own.push(input.kind === 'stdin' ? '' : await realpath(input.path));
  if (own.includes(target)) {
    throw new UsageError(
      'TARGET_TAKEN',
      `${option} ${path} would overwrite a file of this run. Give another name.`,
    );
  }
}

/**
 * @throws {UsageError} NO_DIRECTORY the folder of a file that is to be written is not there
 */
export async function refuseMissingFolder(option: string, path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() === true) return;
  throw new UsageError(
    'NO_DIRECTORY',
    `${option} ${path}: the folder ${folder} does not exist. Make it first.`,
  );
}
