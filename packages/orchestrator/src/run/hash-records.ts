import { join, relative } from 'node:path';

import {
  hashFile,
  nodePaths,
  type DurableFileSystem,
  type Manifest,
  type RunPaths,
} from '@virnucpro/checkpoint';

import { readNodes } from '../nodes/live-nodes.ts';
import type { Job } from './job.ts';

/**
 * Checksums of everything beside the results: reports, events and logs, also of the nodes that shared the run. Called
 * when nothing writes to them any more, so that `verify` finds a flipped byte in any file of a finished run.
 */
export async function hashRecords({ context: { fileSystem }, paths }: Job): Promise<Manifest['records']> {
  const nodes = await readNodes(fileSystem, paths.directory);
  const hashed = [];
  for (const records of [paths, ...nodes.map(({ rank }) => nodePaths(paths.directory, rank))]) {
    for (const path of await recordFiles(fileSystem, records)) {
      if (!(await fileSystem.exists(path))) continue;
      // What cannot be read (a folder in its place) was said when it could not be written.
      const facts = await hashFile(fileSystem, path).catch(() => null);
      if (facts !== null) hashed.push({ name: relative(paths.directory, path), ...facts });
    }
  }
  return hashed;
}

async function recordFiles(fileSystem: DurableFileSystem, paths: RunPaths): Promise<string[]> {
  const logs = await fileSystem.list(paths.logDirectory);
  const { reportJson, reportHtml, events, trace, logDirectory } = paths;
  return [reportJson, reportHtml, events, trace, ...logs.map((name) => join(logDirectory, name))];
}
