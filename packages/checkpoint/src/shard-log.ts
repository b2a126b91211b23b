import { dirname, join } from 'node:path';

import { CheckpointError, type ShardId } from '@virnucpro/protocol';
import * as z from 'zod';

import type { DurableFile, DurableFileSystem } from './durable-file-system.ts';
import { encodeFrame, frameLength, LOG_MAGIC } from './log-framing.ts';
import {
  encodeHeader,
  encodeJson,
  encodePack,
  RECORD_TYPE,
  recordEntrySchema,
  type PackEntry,
  type RecordEntry,
  type ShardLogHeader,
  type ShardTotals,
} from './shard-log-records.ts';
import { scanShardLog, type ShardLogScan } from './shard-log-scan.ts';

/** checkpoints/shard-000042.log */
export function shardLogPath(checkpointDirectory: string, shardId: ShardId): string {
  return join(checkpointDirectory, `shard-${String(shardId).padStart(6, '0')}.log`);
}

/** A log opened for appending, and what it held already. */
export interface OpenedShardLog {
  readonly writer: ShardLogWriter;
  readonly finishedPacks: ReadonlySet<number>;
  /** Why an existing log was thrown away; its shard is computed anew. */
  readonly discarded: { readonly reason: string } | null;
  /** Bytes cut off an existing log. */
  readonly tornBytes: number;
}

/** The append-only log of one shard. One process writes it at a time: the lease sees to that. */
export class ShardLogWriter {
  readonly #file: DurableFile;
  readonly #recordCount: number;
  readonly #loaderRejections: number;
  #position: number;
  #packs: number;
  #rows: number;
  #rejectedInPacks: number;
  #unsynced = false;
  /** Appends happen in the order of the calls. */
  #tail: Promise<void> = Promise.resolve();

  private constructor(
    file: DurableFile,
    records: readonly RecordEntry[],
    position: number,
    scan: ShardLogScan | null,
  ) {
    this.#file = file;
    this.#recordCount = records.length;
    this.#loaderRejections = records.filter(({ rejection }) => rejection !== null).length;
    this.#position = position;
    this.#packs = scan?.finishedPacks.size ?? 0;
    this.#rows = scan?.rows ?? 0;
    this.#rejectedInPacks = scan?.rejectedInPacks ?? 0;
  }

  /**
   * Opens the log of a shard: creates it, or keeps of an existing one what is whole and of this very shard, run and
   * setting. Header and record table of a new log are durable before this returns.
   */
  static async open(
    fileSystem: DurableFileSystem,
    path: string,
    header: ShardLogHeader,
    records: readonly RecordEntry[],
  ): Promise<OpenedShardLog> {
    const existing = (await fileSystem.exists(path)) ? await reopen(fileSystem, path, header, records) : null;
    if (existing !== null && existing.unusable === null) {
      const { file, scan } = existing;
      const writer = new ShardLogWriter(file, records, scan.goodBytes, scan);
      return { writer, finishedPacks: scan.finishedPacks, discarded: null, tornBytes: scan.badBytes };
    }
    const { file, position } = await create(fileSystem, path, header, records);
    const discarded = existing === null ? null : { reason: existing.unusable ?? 'it is damaged' };
    return {
      writer: new ShardLogWriter(file, records, position, null),
      finishedPacks: new Set(),
      discarded,
      tornBytes: 0,
    };
  }

  /** Appends one pack; its buffers are written as they are. */
  append(pack: PackEntry): Promise<void> {
    this.#packs += 1;
    this.#rows += pack.recordIndices.length;
    this.#rejectedInPacks += pack.rejections.length;
    return this.#write(encodeFrame(RECORD_TYPE.pack, encodePack(pack)));
  }

  /** Makes durable what was appended. */
  async sync(): Promise<void> {
    await this.#tail;
    if (!this.#unsynced) return;
    this.#unsynced = false;
    await this.#file.sync();
  }

  /**
   * Writes the end record and makes the log durable.
   *
   * @throws {CheckpointError} SHARD_INCOMPLETE when records are unaccounted for
   */
  async finish({ tokens }: { readonly tokens: number }): Promise<ShardTotals> {
    const rejected = this.#rejectedInPacks + this.#loaderRejections;
    if (this.#rows + rejected !== this.#recordCount) {
      throw new CheckpointError(
        'SHARD_INCOMPLETE',
        `a shard of ${this.#recordCount} records was finished with ${this.#rows} rows and ${rejected} rejected ones`,
      );
    }
    const totals: ShardTotals = { packs: this.#packs, rows: this.#rows, rejected, tokens };
    await this.#write(encodeFrame(RECORD_TYPE.end, encodeJson(totals)));
    await this.sync();
    return totals;
  }

  async close(): Promise<void> {
    await this.#tail.catch(() => undefined);
    await this.#file.close();
  }

  #write(frame: readonly Uint8Array[]): Promise<void> {
    const position = this.#position;
    this.#position += frameLength(frame);
    this.#tail = this.#tail.then(async () => {
      await this.#file.write(frame, position);
      this.#unsynced = true;
    });
    return this.#tail;
  }
}

interface ReopenedLog {
  readonly file: DurableFile;
  readonly scan: ShardLogScan;
  readonly unusable: string | null;
}

/** An end record is cut off too: whoever opens a log to write will end it again. */
async function reopen(
  fileSystem: DurableFileSystem,
  path: string,
  header: ShardLogHeader,
  records: readonly RecordEntry[],
): Promise<ReopenedLog> {
  const file = await fileSystem.open(path, 'r+');
  const scan = await scanShardLog(file, header);
  const unusable =
    scan.unusable ?? (sameTable(scan.recordTable, records) ? null : 'its records are not those of the input');
  if (unusable !== null) {
    await file.close();
    return { file, scan, unusable };
  }
  const goodBytes = scan.totals === null ? scan.goodBytes : scan.goodBytes - endRecordLength(scan.totals);
  if (scan.badBytes > 0 || scan.totals !== null) {
    await file.truncate(goodBytes);
    await file.sync();
  }
  return { file, scan: { ...scan, goodBytes }, unusable: null };
}

function endRecordLength(totals: ShardTotals): number {
  return frameLength(encodeFrame(RECORD_TYPE.end, encodeJson(totals)));
}

async function create(
  fileSystem: DurableFileSystem,
  path: string,
  header: ShardLogHeader,
  records: readonly RecordEntry[],
): Promise<{ readonly file: DurableFile; readonly position: number }> {
  const directory = dirname(path);
  await fileSystem.makeDirectory(directory);
  const file = await fileSystem.open(path, 'w');
  const start = [
    LOG_MAGIC,
    ...encodeFrame(RECORD_TYPE.header, encodeHeader(header)),
    ...encodeFrame(RECORD_TYPE.recordTable, encodeJson(records)),
  ];
  await file.write(start, 0);
  await file.sync();
  await fileSystem.syncDirectory(directory);
  return { file, position: frameLength(start) };
}

function sameTable(found: Buffer | null, records: readonly RecordEntry[]): boolean {
  return found?.equals(Buffer.concat(encodeJson(records))) === true;
}

/** @throws {Error} when the table is not one */
export function parseRecordTable(table: Buffer): RecordEntry[] {
  return z.array(recordEntrySchema).parse(JSON.parse(table.toString('utf8')));
}

/** How a log stands, for the parent that decides what is left to do. */
export type ShardLogStanding =
  ({ readonly complete: true } & ShardTotals) | { readonly complete: false; readonly reason: string };

/** Reads the whole log: only what is whole, and of this very shard, run and setting, counts as done. */
export async function isShardLogComplete(
  fileSystem: DurableFileSystem,
  path: string,
  expected: ShardLogHeader,
): Promise<ShardLogStanding> {
  if (!(await fileSystem.exists(path))) return { complete: false, reason: 'there is no log' };
  const file = await fileSystem.open(path, 'r');
  try {
    const scan = await scanShardLog(file, expected);
    if (scan.unusable !== null) return { complete: false, reason: scan.unusable };
    if (scan.totals === null) return { complete: false, reason: 'it is unfinished' };
    if (scan.badBytes > 0) return { complete: false, reason: `${scan.badBytes} bytes follow its end` };
    return { complete: true, ...scan.totals };
  } finally {
    await file.close();
  }
}
