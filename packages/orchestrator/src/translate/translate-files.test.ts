import { readdir, writeFile } from 'node:fs/promises';

import { nodeFileSystem, type DurableFile, type DurableFileSystem } from '@virnucpro/checkpoint/file-system';
import { expect, test } from '@jest/globals';

import { useTemporaryDirectory } from '../../../../test/program/temporary-directory.ts';
import type { RunContext } from '../run/run-context.ts';
import { translateFiles } from './translate-files.ts';

const directory = useTemporaryDirectory();

/** Tells of every write to a file before it is done. */
function watchedFileSystem(onWrite: () => void): DurableFileSystem {
  const watched = (file: DurableFile): DurableFile => ({
    read: (buffer, position) => file.read(buffer, position),
    write: (buffers, position) => file.write(buffers, position),
    writeSync: (bytes, position) => {
      onWrite();
      file.writeSync(bytes, position);
    },
    sync: () => file.sync(),
    truncate: (length) => file.truncate(length),
    size: () => file.size(),
    close: () => file.close(),
  });
  return {
    ...nodeFileSystem,
    open: async (path, flags) => watched(await nodeFileSystem.open(path, flags)),
  };
}

test('a signal that comes in the middle of a record stops it there', async () => {
  const input = directory.path('a.fa');
  await writeFile(input, `>a\n${'ATGGCC'.repeat(1_000_000)}\n`);
  const stop = new AbortController();
  let writesAfter = 0;
  const fileSystem = watchedFileSystem(() => {
    if (stop.signal.aborted) writesAfter += 1;
    // As a signal does, this comes when the program gets to it.
    else setTimeout(() => stop.abort(), 0);
  });
  const translation = translateFiles(
    {
      inputs: [input],
      prefix: directory.path('out/x'),
      wanted: 'all',
      settings: { chunkLength: 300, geneticCode: 1, minResidues: 1, orfs: false },
    },
    { fileSystem, stdin: process.stdin } as Partial<RunContext> as RunContext,
    { signal: stop.signal, cause: () => 'SIGTERM' },
  );
  await expect(translation).rejects.toMatchObject({ code: 'STOPPED' });
  // Three files of a batch.
  expect(writesAfter).toBeLessThanOrEqual(3);
  expect(await readdir(directory.path('out'))).toEqual([]);
});
