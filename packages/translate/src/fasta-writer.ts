import type { ByteBuffer } from './byte-buffer.ts';
import { CHUNK_WORD } from './frame-id.ts';
import { copyBases, type Reading } from './strand.ts';

const RECORD_START = 0x3e;
const LINE_FEED = 0x0a;

/** Columns of the chunk file: what Biopython's SeqIO.write makes. */
export const CHUNK_FILE_COLUMNS = 60;

const CHUNK_WORD_BYTES = Buffer.from(CHUNK_WORD);

/** Writes `>ID_chunk_K`, the frame's suffix if there is one, and a line feed. */
export function writeHeader(out: ByteBuffer, id: Uint8Array, chunkNumber: number, suffix = ''): void {
  out.appendByte(RECORD_START);
  out.append(id);
  out.append(CHUNK_WORD_BYTES);
  out.appendNumber(chunkNumber);
  for (let index = 0; index < suffix.length; index += 1) out.appendByte(suffix.charCodeAt(index));
  out.appendByte(LINE_FEED);
}

/** Writes sequence[start, end) in lines of CHUNK_FILE_COLUMNS. */
export function writeWrapped(out: ByteBuffer, sequence: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at += CHUNK_FILE_COLUMNS) {
    out.append(sequence, at, Math.min(at + CHUNK_FILE_COLUMNS, end));
    out.appendByte(LINE_FEED);
  }
}

/** Writes a sequence in one line, as the original writes its frames. */
export function writeLine(out: ByteBuffer, sequence: Uint8Array): void {
  out.append(sequence);
  out.appendByte(LINE_FEED);
}

/** Writes bases as they are read, in one line. */
export function writeBases(out: ByteBuffer, reading: Reading): void {
  copyBases(reading, out.extend(reading.bases));
  out.appendByte(LINE_FEED);
}
