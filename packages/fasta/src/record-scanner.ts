import { BYTE_CLASS, CARRIAGE_RETURN, isBlank, LINE_FEED, NUL, RECORD_START, STAR } from './byte-classes.ts';
import { chunkOf, runEnd, type Chunk, type RunTable } from './byte-run.ts';
import { byteAt, intAt } from './element.ts';
import { loneReturn, missingId, notFasta, nulByte } from './fasta-error.ts';
import type { IdHash } from './id-hash.ts';
import type { PlainRecords } from './plain-records.ts';
import { RecordBatch } from './record-batch.ts';
import type { ScanTables } from './scan-tables.ts';

/** Where the bytes given to a scanner begin. */
export interface ScanOrigin {
  readonly displayPath: string;
  readonly offset: number;
  readonly line: number;
  readonly ordinal: number;
}

/** The first byte of a file that is no residue. */
export interface InvalidByte {
  readonly recordStart: number;
  readonly ordinal: number;
  /** Line of the byte, from 1. */
  readonly line: number;
  readonly byte: number;
}

type State = 'start' | 'before-id' | 'id' | 'header' | 'sequence';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const NONE = -1;

/**
 * FASTA as a byte machine: takes a file in chunks of any size and fills `batch` with the records that end in
 * them. Pure: no I/O, and the records do not depend on how the file was cut into chunks.
 *
 *     start -> before-id -> id -> header -> sequence -> before-id …
 */
export class RecordScanner {
  /** Records finished so far; whoever reads them clears it. */
  readonly batch = new RecordBatch();
  /** Offset of the '>' of the record that is not finished; Infinity before the first. */
  openRecordStart = Infinity;
  firstInvalid: InvalidByte | null = null;

  readonly #tables: ScanTables;
  readonly #hash: IdHash;
  readonly #displayPath: string;
  readonly #plain: PlainRecords | null;
  readonly #hashed = new Int32Array(2);
  #state: State = 'start';
  #chunkStart: number;
  #line: number;
  #ordinal: number;
  #headerLine = 0;
  #idHead: Uint8Array = new Uint8Array(0);
  #atLineStart = false;
  #residues = 0;
  #invalid = false;
  /** Line of a `*` that is the record's last visible byte so far, so perhaps to be dropped. */
  #starLine = NONE;
  /** Of a header, the last byte was a carriage return: its line ends now, or the file has no line feeds. */
  #afterReturn = false;

  /** @param plain takes the plain records of the bytes that lie in its buffers; the result is the same without */
  constructor(tables: ScanTables, hash: IdHash, origin: ScanOrigin, plain: PlainRecords | null = null) {
    this.#plain = plain;
    this.#tables = tables;
    this.#hash = hash;
    this.#displayPath = origin.displayPath;
    this.#chunkStart = origin.offset;
    this.#line = origin.line;
    this.#ordinal = origin.ordinal;
  }

  /**
   * Takes the next bytes of the file. They are not kept.
   *
   * @throws {InputError} NOT_FASTA, INPUT_BINARY, MISSING_ID, LINE_ENDS
   */
  push(bytes: Uint8Array): void {
    const chunk = chunkOf(bytes);
    let at = 0;
    while (at < bytes.length) at = this.#step(chunk, at);
    this.#chunkStart += bytes.length;
  }

  /**
   * The file ends here.
   *
   * @throws {InputError} MISSING_ID
   */
  end(): void {
    if (this.#state === 'start') return;
    if (this.#state === 'before-id') throw missingId(this.#place());
    if (this.#state === 'id') this.#endId(this.#idHead, 0, 0);
    this.#endRecord(this.#chunkStart);
  }

  #step(chunk: Chunk, at: number): number {
    switch (this.#state) {
      case 'start':
        return this.#skipToFirst(chunk.bytes, at);
      case 'before-id':
        return this.#skipToId(chunk.bytes, at);
      case 'id':
        return this.#readId(chunk.bytes, at);
      case 'header':
        return this.#readHeader(chunk, at);
      case 'sequence':
        return this.#readSequence(chunk, at);
    }
  }

  #skipToFirst(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at += 1) {
      const byte = byteAt(bytes, at);
      if (byte === RECORD_START) return this.#beginRecord(bytes, at);
      if (byte === LINE_FEED) this.#line += 1;
      else if (!isBlank(byte) && BYTE_ORDER_MARK[this.#chunkStart + at] !== byte) {
        throw notFasta(this.#displayPath, bytes.subarray(at));
      }
    }
    return bytes.length;
  }

  #beginRecord(bytes: Uint8Array, at: number): number {
    const start = this.#takePlainRecords(bytes, at);
    this.openRecordStart = this.#chunkStart + start;
    this.#headerLine = this.#line;
    this.#state = 'before-id';
    return start + 1;
  }

  /** @returns index of the '>' of the first record that has to be read here */
  #takePlainRecords(bytes: Uint8Array, from: number): number {
    const plain = this.#plain;
    if (plain?.owns(bytes) !== true) return from;
    const countBefore = this.batch.count;
    const at = plain.take(bytes, from, { fileOffset: this.#chunkStart, line: this.#line }, this.batch);
    this.#line = plain.line;
    this.#ordinal += this.batch.count - countBefore;
    return at;
  }

  #skipToId(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && isBlank(byteAt(bytes, at))) {
      if (bytes[at] === LINE_FEED) throw missingId(this.#place());
      at += 1;
    }
    if (at < bytes.length) this.#state = 'id';
    return at;
  }

  #readId(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && !isBlank(byteAt(bytes, at))) {
      if (bytes[at] === NUL) throw this.#nulAt(at);
      at += 1;
    }
    if (at < bytes.length) this.#endId(bytes, from, at);
    else this.#idHead = joined(this.#idHead, bytes.subarray(from, at));
    return at;
  }

  #endId(bytes: Uint8Array, from: number, to: number): void {
    if (this.#idHead.length === 0) {
      this.#hash(bytes, from, to, this.#hashed);
    } else {
      const id = joined(this.#idHead, bytes.subarray(from, to));
      this.#hash(id, 0, id.length, this.#hashed);
      this.#idHead = new Uint8Array(0);
    }
    this.#state = 'header';
  }

  #readHeader(chunk: Chunk, from: number): number {
    const at = runEnd(chunk, this.#tables.headerRun, from);
    if (this.#afterReturn && at > from) throw loneReturn(this.#place());
    if (at === chunk.bytes.length) return at;
    if (chunk.bytes[at] === NUL) throw this.#nulAt(at);
    this.#afterReturn = chunk.bytes[at] === CARRIAGE_RETURN;
    if (this.#afterReturn) return at + 1;
    this.#line += 1;
    this.#atLineStart = true;
    this.#state = 'sequence';
    return at + 1;
  }

  #readSequence(chunk: Chunk, from: number): number {
    const { bytes } = chunk;
    const { residueRun } = this.#tables;
    let at = from;
    while (at < bytes.length) {
      if (this.#atLineStart && bytes[at] === RECORD_START) {
        this.#endRecord(this.#chunkStart + at);
        return this.#beginRecord(bytes, at);
      }
      at = this.#readPlainLines(chunk, residueRun, at);
      if (at < bytes.length && !this.#atLineStart) {
        this.#takeOther(byteAt(bytes, at), at);
        at += 1;
      }
    }
    return at;
  }

  /**
   * Takes lines of nothing but residues; this is where the scan's time goes, so it counts in local variables.
   * Stops at a byte of another kind, at a line that begins a record, or at the end of the chunk.
   */
  #readPlainLines(chunk: Chunk, run: RunTable, from: number): number {
    const { bytes } = chunk;
    let residues = 0;
    let lines = 0;
    let at = from;
    let ended: boolean;
    do {
      const lineStart = at;
      at = runEnd(chunk, run, lineStart);
      residues += at - lineStart;
      ended = at < bytes.length && bytes[at] === LINE_FEED;
      if (ended) {
        lines += 1;
        at += 1;
      }
    } while (ended && at < bytes.length && bytes[at] !== RECORD_START);
    if (residues > 0 && this.#starLine !== NONE) this.#keepStar();
    this.#residues += residues;
    this.#line += lines;
    this.#atLineStart = ended;
    return at;
  }

  /** A byte of a sequence that is neither a plain residue nor the end of a line. */
  #takeOther(byte: number, at: number): void {
    const byteClass = this.#tables.classes[byte];
    if (byteClass === BYTE_CLASS.blank) return;
    if (byteClass === BYTE_CLASS.nul) throw this.#nulAt(at);
    if (this.#starLine !== NONE) this.#keepStar();
    if (byteClass === BYTE_CLASS.star) this.#starLine = this.#line;
    else this.#takeInvalid(byte, this.#line);
  }

  /** The `*` seen before was not the last byte of its record. */
  #keepStar(): void {
    if (this.#tables.starIsResidue) this.#residues += 1;
    else this.#takeInvalid(STAR, this.#starLine);
    this.#starLine = NONE;
  }

  #takeInvalid(byte: number, line: number): void {
    this.#invalid = true;
    this.firstInvalid ??= { recordStart: this.openRecordStart, ordinal: this.#ordinal, line, byte };
  }

  #endRecord(end: number): void {
    const { batch } = this;
    const row = batch.add();
    batch.start[row] = this.openRecordStart;
    batch.end[row] = end;
    batch.line[row] = this.#headerLine;
    batch.residues[row] = this.#residues;
    batch.invalid[row] = this.#invalid ? 1 : 0;
    batch.hashLow[row] = intAt(this.#hashed, 0);
    batch.hashHigh[row] = intAt(this.#hashed, 1);
    this.#ordinal += 1;
    this.#residues = 0;
    this.#invalid = false;
    this.#starLine = NONE;
  }

  #place() {
    return { displayPath: this.#displayPath, ordinal: this.#ordinal, line: this.#headerLine };
  }

  #nulAt(at: number): Error {
    return nulByte(this.#displayPath, this.#chunkStart + at, this.#line);
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
