import type { DurableFile } from './durable-file-system.ts';
import { hasLogMagic, LOG_MAGIC, readFrames, type Frame } from './log-framing.ts';
import {
  decodePack,
  encodeHeader,
  RECORD_TYPE,
  rowBytesOf,
  shardTotalsSchema,
  type PackEntry,
  type ShardLogHeader,
  type ShardTotals,
} from './shard-log-records.ts';

/** What a log was found to hold, up to its first flaw. */
export interface ShardLogScan {
  /** Why nothing of it can be used; null when header and record table are what was expected. */
  readonly unusable: string | null;
  /** The record table, JSON. */
  readonly recordTable: Buffer | null;
  readonly finishedPacks: ReadonlySet<number>;
  readonly rows: number;
  readonly rejectedInPacks: number;
  /** The sums of a finished shard; null when it is unfinished. */
  readonly totals: ShardTotals | null;
  /** Bytes that can be trusted. */
  readonly goodBytes: number;
  /** Bytes behind them: a torn tail, or damage. */
  readonly badBytes: number;
}

/**
 * Reads a whole log and checks every record's checksum and order.
 *
 * @param onPack gets each good pack; its buffers live as long as the caller keeps them
 */
export async function scanShardLog(
  file: DurableFile,
  expected: ShardLogHeader,
  onPack: (pack: PackEntry) => void = () => undefined,
): Promise<ShardLogScan> {
  const size = await file.size();
  if (!(await hasLogMagic(file))) return unusable('it does not begin as a shard log', size);
  const scan = new LogScan(expected, onPack);
  for await (const frame of readFrames(file, LOG_MAGIC.length)) if (!scan.take(frame)) break;
  return scan.result(size);
}

function unusable(reason: string, size: number): ShardLogScan {
  return {
    unusable: reason,
    recordTable: null,
    finishedPacks: new Set(),
    rows: 0,
    rejectedInPacks: 0,
    totals: null,
    goodBytes: 0,
    badBytes: size,
  };
}

class LogScan {
  readonly #expectedHeader: Buffer;
  readonly #rowBytes: number;
  readonly #onPack: (pack: PackEntry) => void;
  readonly #finished = new Set<number>();
  #headerSeen = false;
  #recordTable: Buffer | null = null;
  #totals: ShardTotals | null = null;
  #rows = 0;
  #rejected = 0;
  #goodBytes = LOG_MAGIC.length;
  #unusable: string | null = null;

  constructor(expected: ShardLogHeader, onPack: (pack: PackEntry) => void) {
    this.#expectedHeader = Buffer.concat(encodeHeader(expected));
    this.#rowBytes = rowBytesOf(expected.embeddingDim, expected.dtype);
    this.#onPack = onPack;
  }

  /** @returns false when the record does not belong here: what follows is not trusted */
  take({ type, payload, end }: Frame): boolean {
    try {
      if (!this.#accept(type, payload)) return false;
    } catch {
      return false;
    }
    this.#goodBytes = end;
    return true;
  }

  #accept(type: number, payload: Buffer): boolean {
    if (!this.#headerSeen) {
      if (type !== RECORD_TYPE.header || !payload.equals(this.#expectedHeader)) {
        this.#unusable = 'it belongs to another run, shard or setting';
        return false;
      }
      this.#headerSeen = true;
      return true;
    }
    if (this.#recordTable === null) {
      if (type !== RECORD_TYPE.recordTable) return false;
      this.#recordTable = Buffer.from(payload);
      return true;
    }
    if (this.#totals !== null) return false;
    if (type === RECORD_TYPE.pack) return this.#acceptPack(decodePack(payload, this.#rowBytes));
    if (type !== RECORD_TYPE.end) return false;
    const totals = shardTotalsSchema.parse(JSON.parse(payload.toString('utf8')));
    if (totals.packs !== this.#finished.size || totals.rows !== this.#rows) return false;
    this.#totals = totals;
    return true;
  }

  #acceptPack(pack: PackEntry): boolean {
    if (this.#finished.has(pack.packIndex)) return false;
    this.#finished.add(pack.packIndex);
    this.#rows += pack.recordIndices.length;
    this.#rejected += pack.rejections.length;
    this.#onPack(pack);
    return true;
  }

  result(size: number): ShardLogScan {
    const headless =
      this.#unusable ?? (this.#recordTable === null ? 'its beginning is torn or damaged' : null);
    if (headless !== null) return unusable(headless, size);
    return {
      unusable: null,
      recordTable: this.#recordTable,
      finishedPacks: this.#finished,
      rows: this.#rows,
      rejectedInPacks: this.#rejected,
      totals: this.#totals,
      goodBytes: this.#goodBytes,
      badBytes: size - this.#goodBytes,
    };
  }
}
