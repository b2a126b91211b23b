import { mkdir } from 'node:fs/promises';

import type { DurableFileSystem, RunPaths } from '@virnucpro/checkpoint';
import { InputError } from '@virnucpro/protocol';

/** @throws {InputError} RUN_DIRECTORY_UNWRITABLE with the reason */
export async function makeRunDirectory({ directory, logDirectory }: RunPaths): Promise<void> {
  try {
    await mkdir(logDirectory, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(
      'RUN_DIRECTORY_UNWRITABLE',
      `The run folder ${directory} cannot be made or written to: ${reason}. Choose another with -o.`,
      { cause: error },
    );
  }
}

/** What a finished run does not need any more. */
export async function removeCheckpoints(fileSystem: DurableFileSystem, paths: RunPaths): Promise<void> {
  await fileSystem.removeDirectory(paths.checkpointDirectory);
  await fileSystem.removeDirectory(paths.spoolDirectory);
}
