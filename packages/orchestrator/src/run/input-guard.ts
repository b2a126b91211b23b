import { stat } from 'node:fs/promises';

import { compareWithSpool, readShardBytes, type InputFile, type PlainFile } from '@virnucpro/fasta';
import { InputError, type Shard } from '@virnucpro/protocol';

import type { Job } from './job.ts';

/**
 * At the end of a run: are the inputs still the ones that were computed? Size and time of change tell it cheaply; where
 * they differ, the content is read again, because a touched file is no other file.
 *
 * @throws {InputError} INPUT_CHANGED naming the file
 */
export async function refuseChangedInputs(
  job: Pick<Job, 'files' | 'inputs'>,
  plainFiles: readonly PlainFile[],
  shards: readonly Shard[],
): Promise<void> {
  for (const [index, file] of job.files.entries()) {
    if (file.kind === 'stdin' || (await isUntouched(file, job.inputs[index]))) continue;
    const plain = plainFiles[index];
    if (plain === undefined) continue;
    if (file.kind === 'gzip') await compareWithSpool(file, plain.path);
    else
      await readAgain(
        plain,
        shards.filter(({ fileIndex }) => fileIndex === index),
      );
  }
}

async function isUntouched(
  { path }: InputFile,
  known: { readonly bytes: number | null; readonly mtimeMs: number | null } | undefined,
): Promise<boolean> {
  const now = await stat(path).catch(() => null);
  return now !== null && now.size === known?.bytes && now.mtimeMs === known.mtimeMs;
}

async function readAgain({ path, displayPath, bytes }: PlainFile, shards: readonly Shard[]): Promise<void> {
  for (const shard of shards) await readShardBytes(path, displayPath, shard);
  const { size } = await stat(path);
  if (size === bytes) return;
  throw new InputError(
    'INPUT_CHANGED',
    `${displayPath} has changed since the run began: it had ${bytes} bytes, now ${size}. Restore it, or start over with --force-restart.`,
    { details: { path: displayPath } },
  );
}
