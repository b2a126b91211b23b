import { floatAt } from './element.ts';
import { duplicateId, type RecordPlace } from './fasta-error.ts';
import { IdSet } from './id-set.ts';
import type { RecordBatch } from './record-batch.ts';
import { findRecord, readRecordId } from './record-lookup.ts';
import type { ScanOrigin } from './record-scanner.ts';
import type { ScanTables } from './scan-tables.ts';

/** The first records may not be like the others: no more room than for this many on a guess. */
const MAX_EXPECTED = 32 * 1024 * 1024;

/** A record whose place is remembered, so that those after it can be found again. */
interface Landmark extends ScanOrigin {
  readonly path: string;
  /** Position of the record among those of all files. */
  readonly number: number;
}

/** The file that a batch of records comes from. */
export interface BatchSource {
  readonly path: string;
  readonly displayPath: string;
  /** Ordinal in the file of the batch's first record. */
  readonly firstOrdinal: number;
}

/**
 * Finds ids that were given before, over all files.
 *
 * Only hashes and one landmark a batch are kept; when a hash comes again, both ids are read from their files and
 * compared, so that two ids of one hash are never mistaken for each other.
 */
export class DuplicateCheck {
  readonly #tables: ScanTables;
  readonly #landmarks: Landmark[] = [];
  readonly #ids = new IdSet();
  readonly #runBytes: number;
  #recordCount = 0;

  /** @param runBytes of all files, to guess the number of records from the first of them */
  constructor(tables: ScanTables, runBytes: number) {
    this.#tables = tables;
    this.#runBytes = runBytes;
  }

  /** @throws {InputError} DUPLICATE_ID naming both places of the first id that comes twice */
  async add(batch: RecordBatch, source: BatchSource): Promise<void> {
    if (batch.count === 0) return;
    if (this.#recordCount === 0) this.#ids.reserve(expectedRecords(batch, this.#runBytes));
    this.#landmarks.push({
      path: source.path,
      displayPath: source.displayPath,
      number: this.#recordCount,
      ordinal: source.firstOrdinal,
      offset: floatAt(batch.start, 0),
      line: floatAt(batch.line, 0),
    });
    this.#recordCount += batch.count;
    for (const number of this.#ids.addAll(batch)) {
      const earlier = this.#ids.withHashOf(number).filter((other) => other < number);
      if (earlier.length > 0) await this.#compare(number, earlier);
    }
  }

  async #compare(number: number, earlier: readonly number[]): Promise<void> {
    const second = await this.#find(number);
    for (const other of earlier) {
      const first = await this.#find(other);
      if (first.id.equals(second.id))
        throw duplicateId(second.id.toString('utf8'), first.place, second.place);
    }
  }

  async #find(number: number): Promise<{ id: Buffer; place: RecordPlace }> {
    const landmark = this.#landmarks.findLast((candidate) => candidate.number <= number);
    if (landmark === undefined) throw new RangeError(`record ${number} lies before the first landmark`);
    const skip = number - landmark.number;
    const { byteStart, line } = await findRecord(landmark.path, this.#tables, landmark, skip);
    const place = { displayPath: landmark.displayPath, ordinal: landmark.ordinal + skip, line };
    return { id: await readRecordId(landmark.path, byteStart), place };
  }
}

function expectedRecords({ count, start, end }: RecordBatch, runBytes: number): number {
  const bytes = floatAt(end, count - 1) - floatAt(start, 0);
  return Math.min(MAX_EXPECTED, Math.ceil((1.1 * count * runBytes) / bytes));
}
