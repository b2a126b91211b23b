import { StoppedError } from './errors.ts';

/** What the operating system says of storage that cannot take more, and what a person can do about it. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'the disk quota is used up; make room, or have it raised',
  EFBIG:
    'a file would be larger than is allowed; raise the limit (ulimit -f), or write to a file system that takes larger files',
  EIO: 'the disk, or the network file system, failed; have it looked at',
  EROFS: 'the file system has become read-only; have it looked at',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  ENFILE: 'the machine has too many files open; close some',
  ESTALE: 'the network file system lost the file; have it looked at',
};

/** What a file system's error says of the storage, and what to do; null for any other error. */
export function storageRemedy(error: unknown): { readonly errno: string; readonly remedy: string } | null {
  const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedy = REMEDIES[errno];
  return remedy === undefined ? null : { errno, remedy };
}

/**
 * Storage that fails ends a run, but spoils nothing: what is in the logs stays, and the run can be resumed.
 *
 * @returns null for any other error
 */
export function storageFailure(error: unknown): StoppedError | null {
  const known = storageRemedy(error);
  if (known === null) return null;
  const { errno, remedy } = known;
  const path = error instanceof Error && 'path' in error ? ` at ${String(error.path)}` : '';
  return new StoppedError(
    'STORAGE_FAILED',
    `Writing failed${path} (${errno}): ${remedy}, then run the same command again. What was computed is kept.`,
    { cause: error, details: { errno } },
  );
}
