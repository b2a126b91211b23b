import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';

import type { Job } from './job.ts';

const COLUMNS = [
  ...['time', 'rank', 'shard', 'pack', 'sequences', 'tokens', 'longest_tokens', 'fill'],
  ...['wait_ms', 'busy_ms', 'queue_depth'],
] as const;
/** What workers name their part. */
export const WORKER_TRACE = /^trace-(\d+)\.tsv$/;

/**
 * Puts the traces of all workers together into trace.tsv: a line per computed pack, by rank, over all attempts. A pack
 * that was computed twice, because a process died, is there twice. Never fails: a trace is not worth a run.
 */
export async function collectTrace({ paths, log }: Pick<Job, 'paths' | 'log'>): Promise<void> {
  const temporary = `${paths.trace}.tmp`;
  try {
    const names = (await readdir(paths.logDirectory)).filter((name) => WORKER_TRACE.test(name));
    names.sort((a, b) => rankOf(a) - rankOf(b));
    const files = names.map((name) => join(paths.logDirectory, name));
    await pipeline(linesOf(files), createWriteStream(temporary));
    await rename(temporary, paths.trace);
  } catch (error) {
    await rm(temporary, { force: true });
    log.warn('trace.tsv could not be written', { error: String(error) });
  }
}

async function* linesOf(files: readonly string[]): AsyncGenerator<string> {
  yield `${COLUMNS.join('\t')}\n`;
  for (const file of files) {
    // The worker said it when it could not write it.
    if (!(await stat(file)).isFile()) continue;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      // A worker that was killed may have left half a line.
      if (line.split('\t').length === COLUMNS.length) yield `${line}\n`;
    }
  }
}

function rankOf(name: string): number {
  return Number(WORKER_TRACE.exec(name)?.[1]);
}
