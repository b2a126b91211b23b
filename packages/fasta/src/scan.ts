import type { LongSequences, Shard } from '@virnucpro/protocol';

import { readChunks } from './chunk-reader.ts';
import { DuplicateCheck } from './duplicate-check.ts';
import { floatAt } from './element.ts';
import { inputChanged, noRecords } from './fasta-error.ts';
import { hashId, type IdHash } from './id-hash.ts';
import { PlainRecords } from './plain-records.ts';
import { judgeRecord } from './record-class.ts';
import { readRecordId } from './record-lookup.ts';
import { RecordScanner } from './record-scanner.ts';
import { ScanTally, type ScanSummary } from './scan-summary.ts';
import { scanTables, type ScanTables } from './scan-tables.ts';
import { ShardChecksum } from './shard-checksum.ts';
import { ShardCutter, type ShardDraft, type ShardPolicy } from './shard-cutter.ts';
import type { PlainFile } from './spool.ts';

export interface ScanOptions {
  readonly files: readonly PlainFile[];
  /** 256 entries, 255 = not a residue letter. */
  readonly tokenOf: Uint8Array;
  readonly policy: ShardPolicy;
  readonly maxResidues: number;
  readonly longSequences: LongSequences;
  /** 'keep' keeps no ids, and so takes no memory for them. */
  readonly duplicateIds: 'error' | 'keep';
  /** What an acceptable record of so many letters gives, where records are no sequences yet but are translated later. */
  readonly expect?: (letters: number) => ExpectedOfRecord;
  readonly signal?: AbortSignal;
}

/** What a record is expected to give. */
export interface ExpectedOfRecord {
  readonly sequences: number;
  /** BOS and EOS included. */
  readonly tokens: number;
}

const ONE_SEQUENCE = 1;

/** What tests replace; nothing of it changes the result. */
export interface ScanInternals {
  /** At most 1 MiB, the buffers of PlainRecords. */
  readonly chunkBytes: number;
  readonly hash: IdHash;
  /** Goes over plain records in WebAssembly, with `hashId`. */
  readonly vectors: boolean;
}

/** Smaller chunks cost more calls, larger ones gained nothing (256 KiB to 2 MiB measured). */
const INTERNALS: ScanInternals = { chunkBytes: 1024 * 1024, hash: hashId, vectors: true };

/**
 * Reads the files once and yields their shards in input order, each as soon as it is cut. Memory does not
 * grow with the input, but for 15 to 30 bytes a record when duplicate ids are looked for.
 *
 * Empty records and records with a byte that is no residue do not end the scan: they are in shards like all
 * others, with 0 tokens, and are counted in the summary.
 *
 * @throws {InputError} NOT_FASTA, INPUT_BINARY, INPUT_EMPTY, MISSING_ID, DUPLICATE_ID, INPUT_CHANGED
 */
export async function* scanFasta(
  options: ScanOptions,
  internals: ScanInternals = INTERNALS,
): AsyncGenerator<Shard, ScanSummary> {
  const tables = scanTables(options.tokenOf);
  const runBytes = options.files.reduce((sum, file) => sum + file.bytes, 0);
  const scan = {
    options,
    internals,
    tables,
    plain: internals.vectors ? new PlainRecords(tables, internals.chunkBytes) : null,
    cutter: new ShardCutter(options.policy, runBytes),
    tally: new ScanTally(),
    duplicates: options.duplicateIds === 'error' ? new DuplicateCheck(tables, runBytes) : null,
  };
  let shards = 0;
  for (const file of options.files) {
    for await (const shard of new FileScan(scan, file).shards()) {
      shards += 1;
      yield shard;
    }
  }
  return scan.tally.summary(shards);
}

/** What the files of a scan share. */
interface Scan {
  readonly options: ScanOptions;
  readonly internals: ScanInternals;
  readonly tables: ScanTables;
  readonly plain: PlainRecords | null;
  readonly cutter: ShardCutter;
  readonly tally: ScanTally;
  readonly duplicates: DuplicateCheck | null;
}

class FileScan {
  readonly #scan: Scan;
  readonly #file: PlainFile;
  readonly #scanner: RecordScanner;
  readonly #checksum = new ShardChecksum();
  #bytesRead = 0;
  #records = 0;

  constructor(scan: Scan, file: PlainFile) {
    const origin = { displayPath: file.displayPath, offset: 0, line: 1, ordinal: 0 };
    this.#scan = scan;
    this.#file = file;
    this.#scanner = new RecordScanner(scan.tables, scan.internals.hash, origin, scan.plain);
  }

  async *shards(): AsyncGenerator<Shard, void> {
    const { options, internals, plain, cutter } = this.#scan;
    const { chunkBytes } = internals;
    cutter.beginFile(this.#file.bytes);
    for await (const bytes of readChunks(this.#file.path, { chunkBytes, buffers: plain?.buffers })) {
      options.signal?.throwIfAborted();
      this.#checksum.openChunk(bytes);
      this.#scanner.push(bytes);
      yield* await this.#takeBatch();
      this.#checksum.closeChunk(this.#scanner.openRecordStart);
      this.#bytesRead += bytes.length;
    }
    this.#scanner.end();
    yield* await this.#takeBatch();
    const last = cutter.endShard();
    if (last === null) throw noRecords(this.#file.displayPath);
    yield this.#summed(last);
    await this.#endFile();
  }

  /** Cuts the records that the last bytes finished. */
  async #takeBatch(): Promise<Shard[]> {
    const { options, cutter, tally, duplicates } = this.#scan;
    const { batch } = this.#scanner;
    await duplicates?.add(batch, { ...this.#file, firstOrdinal: this.#records });
    const shards: Shard[] = [];
    for (let row = 0; row < batch.count; row += 1) {
      const start = floatAt(batch.start, row);
      // What lies before the first record (blank lines, a byte order mark) belongs to the file, to no shard.
      if (this.#records + row === 0) this.#checksum.cutAt(start);
      const residues = floatAt(batch.residues, row);
      const verdict = judgeRecord(
        residues,
        batch.invalid[row] === 1,
        options.maxResidues,
        options.longSequences,
      );
      const expected = verdict.tokens === 0 ? undefined : options.expect?.(residues);
      const tokens = expected?.tokens ?? verdict.tokens;
      const sequences = expected?.sequences ?? ONE_SEQUENCE;
      tally.addRecord(residues, { status: verdict.status, tokens }, sequences);
      const finished = cutter.add(start, floatAt(batch.end, row), tokens, sequences);
      if (finished !== null) shards.push(this.#summed(finished));
    }
    this.#records += batch.count;
    batch.clear();
    return shards;
  }

  #summed(draft: ShardDraft): Shard {
    return { ...draft, crc32: this.#checksum.cutAt(draft.byteEnd) };
  }

  async #endFile(): Promise<void> {
    const { path, displayPath, bytes } = this.#file;
    if (this.#bytesRead !== bytes) {
      throw inputChanged(displayPath, `it has ${this.#bytesRead} bytes, not ${bytes}`);
    }
    const invalid = this.#scanner.firstInvalid;
    if (invalid !== null) {
      const id = (await readRecordId(path, invalid.recordStart)).toString('utf8');
      const { ordinal, line, byte } = invalid;
      this.#scan.tally.noteInvalid({ displayPath, ordinal, line, byte, id });
    }
    this.#scan.tally.endFile({ displayPath, bytes, crc32: this.#checksum.fileCrc32 });
  }
}
