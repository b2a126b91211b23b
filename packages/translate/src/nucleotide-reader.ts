import { ByteBuffer } from './byte-buffer.ts';
import { byteAt } from './element.ts';
import { notNucleotide, recordTooLong } from './input-problem.ts';
import { isBlankByte, LETTER_CLASS, LETTER_CLASSES } from './nucleotide-letters.ts';
import { NucleotideLines } from './nucleotide-lines.ts';

/** A record; its bytes are good until the next one is asked for. */
export interface NucleotideRecord {
  /** First word of the header; may be empty, as in the original. */
  readonly id: Uint8Array;
  /** As in the file, without blanks and line ends. */
  readonly sequence: Uint8Array;
  /** Of the header, from 1. */
  readonly line: number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const RECORD_START = 0x3e;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Enough of the text before the first record to say what a file is that holds none. */
const PREAMBLE_BYTES = 512;

/** Indices of a byte array stay within reach of every supported Node, also when it is enlarged. */
export const MAX_RECORD_BASES = 2 ** 31;

/**
 * Reads one file of nucleotide FASTA by the rules of Biopython 1.80's parser, which VirNucPro uses: the id is the
 * header's first word, blanks in the sequence are dropped, text before the first record is passed over, a line ends
 * with LF, CR or both. Unlike Biopython it refuses letters that no nucleotide sequence has.
 *
 * Give the bytes to `push` in any pieces, then call `end`. Memory: the longest record.
 */
export class NucleotideReader {
  readonly #displayPath: string;
  readonly #preamble = new ByteBuffer();
  readonly #header = new ByteBuffer();
  readonly #sequence = new ByteBuffer();
  readonly #lines = new NucleotideLines();
  #state: 'preamble' | 'header' | 'sequence' = 'preamble';
  #line = 1;
  #headerLine = 0;
  #atLineStart = true;
  /** A tab or the like was met in this line; only at its end is it dropped. */
  #lineBlank: number | null = null;
  #lastByte = 0;

  /** @param displayPath for messages */
  constructor(displayPath: string) {
    this.#displayPath = displayPath;
  }

  /** The first bytes before the first record, which are ignored; empty for a clean file. */
  get preamble(): Uint8Array {
    return this.#preamble.view;
  }

  /** False as long as no header was met. */
  get hasRecords(): boolean {
    return this.#state !== 'preamble';
  }

  /**
   * Takes the next bytes of the file; yields the records that they complete.
   *
   * @throws {InputError} NOT_NUCLEOTIDE, RECORD_TOO_LONG, naming the line
   */
  *push(bytes: Uint8Array): Generator<NucleotideRecord, void> {
    let at = 0;
    this.#lines.forget();
    while (at < bytes.length) {
      if (this.#state === 'sequence') at = this.#takeSequence(bytes, at);
      else if (this.#state === 'header') at = this.#takeHeader(bytes, at);
      else at = this.#takePreamble(bytes, at);
      if (at === bytes.length || !this.#recordStartsAt(bytes, at)) continue;
      if (this.#state === 'sequence') yield this.#record();
      this.#beginRecord();
      at += 1;
    }
  }

  /** The file is at its end; yields its last record. */
  *end(): Generator<NucleotideRecord, void> {
    if (this.#state !== 'preamble') yield this.#record();
  }

  #recordStartsAt(bytes: Uint8Array, at: number): boolean {
    return this.#state !== 'header' && this.#atLineStart && byteAt(bytes, at) === RECORD_START;
  }

  #beginRecord(): void {
    this.#state = 'header';
    this.#headerLine = this.#line;
    this.#atLineStart = false;
    this.#header.clear();
    this.#sequence.clear();
  }

  #record(): NucleotideRecord {
    return { id: firstWord(this.#header.view), sequence: this.#sequence.view, line: this.#headerLine };
  }

  /** @returns index after the bytes, or of the '>' of the first record */
  #takePreamble(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at += 1) {
      const byte = byteAt(bytes, at);
      if (byte === RECORD_START && this.#passedByteOrderMark()) this.#atLineStart = true;
      if (byte === RECORD_START && this.#atLineStart) return at;
      if (this.#preamble.length < PREAMBLE_BYTES) this.#preamble.appendByte(byte);
      if (isLineEnd(byte)) this.#endLine(byte);
      else this.#atLineStart = false;
    }
    return bytes.length;
  }

  /** The original takes a file's mark for text before the record, and loses the record. */
  #passedByteOrderMark(): boolean {
    if (!BYTE_ORDER_MARK.equals(this.preamble)) return false;
    this.#preamble.clear();
    return true;
  }

  /** @returns index after the bytes, or after the header's line end */
  #takeHeader(bytes: Uint8Array, from: number): number {
    const end = lineEndFrom(bytes, from);
    this.#header.append(bytes, from, end);
    if (end === bytes.length) return end;
    this.#endLine(byteAt(bytes, end));
    this.#state = 'sequence';
    return end + 1;
  }

  /** @returns index after the bytes, or of the '>' of the next record */
  #takeSequence(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && !this.#recordStartsAt(bytes, at)) {
      const byte = byteAt(bytes, at);
      if (byteAt(LETTER_CLASSES, byte) === LETTER_CLASS.base) at = this.#takeBases(bytes, at);
      else {
        this.#takeOther(byte);
        at += 1;
      }
    }
    return at;
  }

  /** @returns index after the bases, and after the line ends between and behind them */
  #takeBases(bytes: Uint8Array, from: number): number {
    if (this.#lineBlank !== null) throw notNucleotide(this.#lineBlank, this.#place());
    const { bases, end, lineEnds } = this.#lines.take(bytes, from);
    if (this.#sequence.length + bases.length > MAX_RECORD_BASES)
      throw recordTooLong(this.#place(), MAX_RECORD_BASES);
    this.#sequence.append(bases);
    this.#line += lineEnds;
    this.#lastByte = byteAt(bytes, end - 1);
    this.#atLineStart = this.#lastByte === LINE_FEED;
    return end;
  }

  /** A byte of a sequence that is no base. */
  #takeOther(byte: number): void {
    const letterClass = byteAt(LETTER_CLASSES, byte);
    if (letterClass === LETTER_CLASS.lineEnd) {
      this.#endLine(byte);
      return;
    }
    this.#atLineStart = false;
    if (letterClass === LETTER_CLASS.lineBlank) this.#lineBlank = byte;
    else if (letterClass !== LETTER_CLASS.space) throw notNucleotide(byte, this.#place());
  }

  #endLine(byte: number): void {
    // The two bytes of CR LF end one line.
    const second = byte === LINE_FEED && this.#atLineStart && this.#lastByte === CARRIAGE_RETURN;
    if (!second) this.#line += 1;
    this.#lastByte = byte;
    this.#atLineStart = true;
    this.#lineBlank = null;
  }

  #place() {
    const id = Buffer.from(firstWord(this.#header.view)).toString('utf8');
    return { displayPath: this.#displayPath, line: this.#line, id };
  }
}

function isLineEnd(byte: number): boolean {
  return byte === LINE_FEED || byte === CARRIAGE_RETURN;
}

/** @returns index of the first line end, or of the end. The search is the runtime's: a loop here is compiled for a second time. */
function lineEndFrom(bytes: Uint8Array, from: number): number {
  const lineFeed = bytes.indexOf(LINE_FEED, from);
  const end = lineFeed === -1 ? bytes.length : lineFeed;
  const carriageReturn = bytes.subarray(from, end).indexOf(CARRIAGE_RETURN);
  return carriageReturn === -1 ? end : from + carriageReturn;
}

function firstWord(header: Uint8Array): Uint8Array {
  let start = 0;
  while (start < header.length && isBlankByte(byteAt(header, start))) start += 1;
  let end = start;
  while (end < header.length && !isBlankByte(byteAt(header, end))) end += 1;
  return header.subarray(start, end);
}
