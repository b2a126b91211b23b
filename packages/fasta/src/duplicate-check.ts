import { floatAt, intAt } from './element.ts';
import { duplicateId, type RecordPlace } from './fasta-error.ts';
import { IdSet } from './id-set.ts';
import type { RecordBatch } from './record-batch.ts';
import { findRecord, readRecordId } from './record-lookup.ts';
import type { ScanOrigin } from './record-scanner.ts';
import type { ScanTables } from './scan-tables.ts';

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
  readonly #ids = new IdSet();
  readonly #landmarks: Landmark[] = [];
  #recordCount = 0;

  constructor(tables: ScanTables) {
    this.#tables = tables;
  }

  /** @throws {InputError} DUPLICATE_ID naming both places of the first id that comes twice */
  async add(batch: RecordBatch, source: BatchSource): Promise<void> {
    if (batch.count === 0) return;
    const firstNumber = this.#recordCount;
    this.#recordCount += batch.count;
    this.#landmarks.push({
      path: source.path,
      displayPath: source.displayPath,
      number: firstNumber,
      ordinal: source.firstOrdinal,
      offset: floatAt(batch.start, 0),
      line: floatAt(batch.line, 0),
    });
    for (const number of this.#ids.addAll(batch)) {
      const row = number - firstNumber;
      const sameHash = this.#ids.withHash(intAt(batch.hashLow, row), intAt(batch.hashHigh, row));
      await this.#compare(
        number,
        sameHash.filter((other) => other < number),
      );
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
