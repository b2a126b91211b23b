import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type { DurableFileSystem } from '@virnucpro/checkpoint';
import { EXIT_CODES } from '@virnucpro/protocol';

import { formatBytes } from '../progress/format.ts';
import { fail, ok, warn } from './finding.ts';
import type { Verdict } from './verdict.ts';

const NAME = 'output folder';
const WRITTEN_BYTES = 32 << 20;
const BLOCK_BYTES = 1 << 20;
const SYNCS = 8;
/** A slower fsync holds up checkpoints; slower writing holds up the merge. */
const SLOW_SYNC_MS = 500;
const SLOW_BYTES_PER_SECOND = 20e6;

/** Writes and syncs a little in the folder, or in the nearest one above that is there, and removes it again. */
export async function probeOutput(
  directory: string,
  fileSystem: DurableFileSystem,
  nowMs: () => number,
): Promise<Verdict> {
  const place = await nearestFolder(resolve(directory), fileSystem);
  let folder: string;
  try {
    folder = await mkdtemp(join(place, '.virnucpro-doctor-'));
  } catch (error) {
    const found = `${place} cannot be written to: ${error instanceof Error ? error.message : String(error)}`;
    return { finding: fail(NAME, found, 'Choose another folder with -o.'), exitCode: EXIT_CODES.usage };
  }
  try {
    return { finding: await measure(place, folder, fileSystem, nowMs), exitCode: EXIT_CODES.complete };
  } catch (error) {
    const found = `${place}: ${error instanceof Error ? error.message : String(error)}`;
    return {
      finding: fail(NAME, found, 'Make room, or choose another folder with -o.'),
      exitCode: EXIT_CODES.stopped,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(place: string, folder: string, fileSystem: DurableFileSystem, nowMs: () => number) {
  const file = await open(join(folder, 'probe'), 'w');
  try {
    const bytesPerSecond = await writeSpeed(file, nowMs);
    const syncMs = await syncTime(file, nowMs);
    const freeBytes = await fileSystem.freeBytes(place);
    const found = `${place}, ${formatBytes(freeBytes)} free, ${formatBytes(bytesPerSecond)}/s with fsync, ${syncMs.toFixed(1)} ms an fsync`;
    if (bytesPerSecond >= SLOW_BYTES_PER_SECOND && syncMs <= SLOW_SYNC_MS) return ok(NAME, found);
    return warn(
      NAME,
      found,
      'This disk is slow: choose a local one with -o, or a longer --checkpoint-interval.',
    );
  } finally {
    await file.close();
  }
}

async function writeSpeed(file: FileHandle, nowMs: () => number): Promise<number> {
  // Not zeros: some file systems do not store those.
  const block = Buffer.from(
    Array.from({ length: BLOCK_BYTES }, (_, index) => (index * 2_654_435_761) >>> 13),
  );
  const startedMs = nowMs();
  for (let at = 0; at < WRITTEN_BYTES; at += BLOCK_BYTES) await file.write(block, 0, BLOCK_BYTES, at);
  await file.sync();
  return (WRITTEN_BYTES * 1000) / Math.max(nowMs() - startedMs, 0.001);
}

/** Of a small append, as checkpoint logs make it. */
async function syncTime(file: FileHandle, nowMs: () => number): Promise<number> {
  const startedMs = nowMs();
  for (let sync = 0; sync < SYNCS; sync += 1) {
    await file.write(Buffer.alloc(4096, sync), 0, 4096, WRITTEN_BYTES + 4096 * sync);
    await file.sync();
  }
  return (nowMs() - startedMs) / SYNCS;
}

async function nearestFolder(directory: string, fileSystem: DurableFileSystem): Promise<string> {
  for (let place = directory; ; place = dirname(place))
    if (place === dirname(place) || (await fileSystem.exists(place))) return place;
}
