import { open } from 'node:fs/promises';
import { join } from 'node:path';

import type { PlainFile } from '@virnucpro/fasta';
import { InputError, StoppedError, type TranslationSettings, type VirnucproError } from '@virnucpro/protocol';

import { formatBytes, formatCount } from '../progress/format.ts';
import { translationOf } from './fingerprint.ts';
import type { Job } from './job.ts';
import { expectedPerBase } from './scan-data.ts';

/** Per record, beside its row: its entry in the log's record table and its line in sequences.tsv. */
const TABLE_BYTES_PER_RECORD = 200;
/** Logs, report, manifest, and what a file system rounds up. */
const FIXED_BYTES = 1 << 20;
const SAMPLE_BYTES = 1 << 20;
const NEW_RECORD = Buffer.from('\n>');

/** Room that a run takes at its end: every row is in a checkpoint log and in embeddings.npy then. Pure. */
export function bytesForRecords(records: number, embeddingDim: number, dtype: 'float32' | 'float16'): number {
  const rowBytes = embeddingDim * (dtype === 'float32' ? 4 : 2);
  return records * (2 * rowBytes + TABLE_BYTES_PER_RECORD) + FIXED_BYTES;
}

export interface Room {
  readonly records: number;
  /** Still to be written. */
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** @param records in the whole input; some of them may be in checkpoint logs already */
export async function measureRoom(job: Job, records: number): Promise<Room> {
  const { context, paths, model, byteSettings } = job;
  const total = bytesForRecords(records, model.embeddingDim, byteSettings.dtype);
  const held = await checkpointBytes(job);
  return {
    records,
    neededBytes: Math.max(0, total - held),
    freeBytes: await context.fileSystem.freeBytes(paths.directory),
  };
}

/**
 * Before anything is computed: is there room for the results of about so many records?
 *
 * @throws {InputError} NO_ROOM with both numbers
 */
export async function refuseWithoutRoom(job: Job, files: readonly PlainFile[]): Promise<void> {
  if (!job.settings['space-check']) return;
  const room = await measureRoom(job, await estimateSequences(files, translationOf(job.byteSettings)));
  if (room.neededBytes > room.freeBytes) throw new InputError('NO_ROOM', describe(job, room, 'about '));
}

/** The same when the scan has counted the records. @returns null when there is room, or nobody asked */
export async function lackOfRoom(job: Job, records: number): Promise<VirnucproError | null> {
  if (!job.settings['space-check']) return null;
  const room = await measureRoom(job, records);
  return room.neededBytes > room.freeBytes ? new StoppedError('NO_ROOM', describe(job, room, '')) : null;
}

function describe(job: Job, { records, neededBytes, freeBytes }: Room, about: string): string {
  return (
    `${job.paths.directory} has ${formatBytes(freeBytes)} of room left, and ${formatBytes(neededBytes)} more are needed ` +
    `(${about}${formatCount(records)} sequences, checkpoint logs and results). ` +
    'Make room, choose another -o, or start anyway with --no-space-check.'
  );
}

/** Rows that the files will give. */
async function estimateSequences(
  files: readonly PlainFile[],
  translation: TranslationSettings | null,
): Promise<number> {
  if (translation === null) return estimateRecords(files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return Math.floor(bytes * expectedPerBase(translation).sequences);
}

/** From the beginning of each file: records are counted there and scaled to the file's size. */
export async function estimateRecords(files: readonly PlainFile[]): Promise<number> {
  let records = 0;
  for (const { path, bytes } of files) {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(SAMPLE_BYTES, bytes)), 0);
      if (bytesRead > 0) records += countRecords(buffer.subarray(0, bytesRead)) * (bytes / bytesRead);
    } finally {
      await file.close();
    }
  }
  return Math.floor(records);
}

function countRecords(content: Buffer): number {
  let records = content[0] === NEW_RECORD[1] ? 1 : 0;
  for (let at = content.indexOf(NEW_RECORD); at !== -1; at = content.indexOf(NEW_RECORD, at + 1))
    records += 1;
  return records;
}

async function checkpointBytes({ context: { fileSystem }, paths }: Job): Promise<number> {
  let bytes = 0;
  for (const name of await fileSystem.list(paths.checkpointDirectory)) {
    const file = await fileSystem.open(join(paths.checkpointDirectory, name), 'r');
    try {
      bytes += await file.size();
    } finally {
      await file.close();
    }
  }
  return bytes;
}
