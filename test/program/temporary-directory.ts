import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach } from '@jest/globals';

/** A folder per test, removed after it. */
export function useTemporaryDirectory(): { readonly path: (...parts: string[]) => string } {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'virnucpro-test-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  return { path: (...parts) => join(directory, ...parts) };
}
