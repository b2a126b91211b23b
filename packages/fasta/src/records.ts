import { isBlank, LINE_FEED, RECORD_START } from './byte-classes.ts';
import { byteAt } from './element.ts';

/** One record, as ranges into the shard's bytes. */
export interface FastaRecord {
  /** Position of the record in its file, from 0. */
  readonly ordinal: number;
  /** First word of the header; '' when it has none. Bytes that are not UTF-8 become U+FFFD. */
  readonly id: string;
  /** After the '>'. */
  readonly headerStart: number;
  /** The header line's line feed, or the end of the bytes. */
  readonly headerEnd: number;
  /** First byte after the header line. */
  readonly sequenceStart: number;
  /** The next record's '>', or the end of the bytes. */
  readonly sequenceEnd: number;
}

/**
 * Visits the records of a shard in order. Pure.
 *
 * @param bytes whole records, beginning at a '>'
 * @param firstOrdinal position in its file of the first
 */
export function forEachRecord(
  bytes: Uint8Array,
  firstOrdinal: number,
  visit: (record: FastaRecord) => void,
): void {
  // Buffer's search and decoding are native and several times those of a plain Uint8Array.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let ordinal = firstOrdinal;
  let start = 0;
  while (start < buffer.length) {
    const lineFeed = buffer.indexOf(LINE_FEED, start);
    const headerEnd = lineFeed === -1 ? buffer.length : lineFeed;
    const sequenceStart = Math.min(headerEnd + 1, buffer.length);
    const sequenceEnd = nextRecordStart(buffer, sequenceStart);
    const id = firstWord(buffer, start + 1, headerEnd);
    visit({ ordinal, id, headerStart: start + 1, headerEnd, sequenceStart, sequenceEnd });
    ordinal += 1;
    start = sequenceEnd;
  }
}

/** @param from a line's start */
function nextRecordStart(buffer: Buffer, from: number): number {
  let at = buffer.indexOf(RECORD_START, from);
  while (at > from && buffer[at - 1] !== LINE_FEED) at = buffer.indexOf(RECORD_START, at + 1);
  return at === -1 ? buffer.length : at;
}

function firstWord(buffer: Buffer, from: number, to: number): string {
  let start = from;
  while (start < to && isBlank(byteAt(buffer, start))) start += 1;
  let end = start;
  while (end < to && !isBlank(byteAt(buffer, end))) end += 1;
  return buffer.toString('utf8', start, end);
}
