import { hashFile, type Manifest } from '@virnucpro/checkpoint';
import { join, relative } from 'node:path';

import type { Job } from './job.ts';

/**
 * Checksums of everything beside the results: report, events, logs. Called when nothing writes to them any more, so that
 * `verify` finds a flipped byte in any file of a finished run.
 */
export async function hashRecords({ context: { fileSystem }, paths }: Job): Promise<Manifest['records']> {
  const logs = await fileSystem.list(paths.logDirectory);
  const files = [
    paths.reportJson,
    paths.reportHtml,
    paths.events,
    paths.trace,
    ...logs.map((name) => join(paths.logDirectory, name)),
  ];
  const hashed = [];
  for (const path of files) {
    if (!(await fileSystem.exists(path))) continue;
    // What cannot be read (a folder in its place) was said when it could not be written.
    const facts = await hashFile(fileSystem, path).catch(() => null);
    if (facts !== null) hashed.push({ name: relative(paths.directory, path), ...facts });
  }
  return hashed;
}
