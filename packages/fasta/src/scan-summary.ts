import type { RecordVerdict } from './record-class.ts';
import type { RecordPlace } from './fasta-error.ts';

/** The first byte of the input that is no residue. */
export interface FirstInvalid extends RecordPlace {
  readonly id: string;
  /** Value of the byte. Its line is `line`. */
  readonly byte: number;
}

export interface FileSummary {
  readonly displayPath: string;
  readonly bytes: number;
  readonly records: number;
  /** Of its acceptable records, before truncation. */
  readonly residues: number;
  /** CRC-32 of the whole file. */
  readonly crc32: number;
}

/** What a scan found; records that are rejected count in `records` but not in residues and tokens. */
export interface ScanSummary {
  readonly records: number;
  /** Of acceptable records, before truncation. */
  readonly residues: number;
  /** Of acceptable records, after truncation, BOS and EOS included. */
  readonly tokens: number;
  readonly shards: number;
  /** Sequences that they give: one each, unless they are translated later. */
  readonly sequences: number;
  /** Records longer than the residue limit, whether truncated or rejected. */
  readonly longRecords: number;
  readonly emptyRecords: number;
  readonly invalidRecords: number;
  readonly firstInvalid: FirstInvalid | null;
  readonly files: readonly FileSummary[];
  /** Shortest and longest acceptable record, before truncation; 0 when there is none. */
  readonly minResidues: number;
  readonly maxResidues: number;
}

/** Counts the records of a scan. */
export class ScanTally {
  #records = 0;
  #residues = 0;
  #tokens = 0;
  #sequences = 0;
  #longRecords = 0;
  #emptyRecords = 0;
  #invalidRecords = 0;
  #minResidues = Infinity;
  #maxResidues = 0;
  #firstInvalid: FirstInvalid | null = null;
  #recordsBefore = 0;
  #residuesBefore = 0;
  readonly #files: FileSummary[] = [];

  addRecord(residues: number, { status, tokens }: RecordVerdict, sequences: number): void {
    this.#records += 1;
    this.#sequences += sequences;
    if (status === 'invalid') this.#invalidRecords += 1;
    if (status === 'empty') this.#emptyRecords += 1;
    if (status === 'too-long' || status === 'truncated') this.#longRecords += 1;
    if (tokens === 0) return;
    this.#residues += residues;
    this.#tokens += tokens;
    if (residues < this.#minResidues) this.#minResidues = residues;
    if (residues > this.#maxResidues) this.#maxResidues = residues;
  }

  noteInvalid(firstInvalid: FirstInvalid): void {
    this.#firstInvalid ??= firstInvalid;
  }

  endFile(file: Pick<FileSummary, 'displayPath' | 'bytes' | 'crc32'>): void {
    const records = this.#records - this.#recordsBefore;
    const residues = this.#residues - this.#residuesBefore;
    this.#files.push({ ...file, records, residues });
    this.#recordsBefore = this.#records;
    this.#residuesBefore = this.#residues;
  }

  summary(shards: number): ScanSummary {
    return {
      records: this.#records,
      residues: this.#residues,
      tokens: this.#tokens,
      shards,
      sequences: this.#sequences,
      longRecords: this.#longRecords,
      emptyRecords: this.#emptyRecords,
      invalidRecords: this.#invalidRecords,
      firstInvalid: this.#firstInvalid,
      files: this.#files,
      minResidues: this.#minResidues === Infinity ? 0 : this.#minResidues,
      maxResidues: this.#maxResidues,
    };
  }
}
