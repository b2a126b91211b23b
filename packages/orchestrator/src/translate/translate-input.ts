import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

import { decompressInto, isBlank, noRecords, notFasta, type InputFile } from '@virnucpro/fasta/input';
import { NucleotideReader, type NucleotideRecord } from '@virnucpro/translate';

const READ_BYTES = 256 * 1024;
const NUL = 0;
const FASTQ_START = 0x40;

/** Takes all of some records; each one's bytes are good until the next is asked for. */
export type RecordSink = (records: Iterable<NucleotideRecord>) => Promise<void>;

/**
 * Reads the records of one input, decompressed when it is gzip.
 *
 * @param signal ends the reading
 * @returns true when there was text before the first record, which is passed over
 * @throws {InputError} NOT_FASTA, INPUT_BINARY, INPUT_EMPTY, NOT_NUCLEOTIDE, RECORD_TOO_LONG, GZIP_TRUNCATED, GZIP_CORRUPT
 */
export async function readNucleotides(
  file: InputFile,
  stdin: NodeJS.ReadableStream,
  take: RecordSink,
  signal: AbortSignal,
): Promise<boolean> {
  const displayPath = file.kind === 'stdin' ? 'standard input' : file.displayPath;
  const reader = new NucleotideReader(displayPath);
  let start: Uint8Array | null = null;
  const read = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const bytes of source) {
      signal.throwIfAborted();
      start ??= checkStart(displayPath, bytes);
      await take(reader.push(bytes));
    }
    await take(reader.end());
  };
  if (file.kind === 'plain') await read(piecesOf(file.path));
  else {
    const opened = file.kind === 'stdin' ? stdin : createReadStream(file.path, { highWaterMark: READ_BYTES });
    const stream = addAbortSignal(signal, opened as Readable);
    await decompressInto(read, { stream, displayPath }, () => undefined);
  }
  const ignored = withoutLeadingBlanks(reader.preamble);
  if (!reader.hasRecords)
    throw ignored.length === 0 ? noRecords(displayPath) : notFasta(displayPath, ignored);
  return ignored.length > 0;
}

/**
 * The bytes of a plain file, each piece good until the next is asked for. Handing a read to a thread takes longer than
 * the read, and the work on a piece is shorter than either.
 */
async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = openSync(path, 'r');
  const buffer = new Uint8Array(READ_BYTES);
  try {
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      yield buffer.subarray(0, count);
      // A signal, and the lock's beat, get their turn.
      await setImmediate();
    }
  } finally {
    closeSync(file);
  }
}

/** Text before the first record is allowed; other formats, in which a '>' may come later, are not. */
function checkStart(displayPath: string, bytes: Uint8Array): Uint8Array {
  const start = withoutLeadingBlanks(bytes.subarray(0, 512));
  if (start[0] === FASTQ_START || start.includes(NUL)) throw notFasta(displayPath, start);
  return start;
}

function withoutLeadingBlanks(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => !isBlank(byte));
  return first === -1 ? bytes.subarray(bytes.length) : bytes.subarray(first);
}
