import { sep } from 'node:path';

import { InputError } from '@virnucpro/protocol';

const UNUSABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'EEXIST']);

/**
 * Work that keeps things in the cache folder.
 *
 * @throws {InputError} CACHE_UNWRITABLE when a file in it cannot be made; else whatever the work throws
 */
export async function inCacheFolder<T>(cacheDirectory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAbout(error, cacheDirectory)) throw error;
    throw new InputError(
      'CACHE_UNWRITABLE',
      `The cache folder ${cacheDirectory} cannot be used: ${error.message}. Let VIRNUCPRO_CACHE_DIR name one that can be written.`,
      { cause: error },
    );
  }
}

function isAbout(error: unknown, directory: string): error is NodeJS.ErrnoException {
  if (!(error instanceof Error)) return false;
  const { code = '', path = '' } = error as NodeJS.ErrnoException;
  return UNUSABLE.has(code) && `${path}${sep}`.startsWith(`${directory}${sep}`);
}
