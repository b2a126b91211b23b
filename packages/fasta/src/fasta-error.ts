import { InputError } from '@virnucpro/protocol/errors';

import { isBlank, NUL } from './byte-classes.ts';

/** A place in an input file, as people look it up. */
export interface RecordPlace {
  readonly displayPath: string;
  /** Position of the record in its file, from 0. */
  readonly ordinal: number;
  /** Line of its header, from 1. */
  readonly line: number;
}

const SHOWN_BYTES = 40;
const BINARY_FORMATS: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['UTF-16 text', [0xff, 0xfe]],
  ['UTF-16 text', [0xfe, 0xff]],
];

/** @param start bytes of the file from its first that is not blank; one at least */
export function notFasta(displayPath: string, start: Uint8Array): InputError {
  const format = BINARY_FORMATS.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
  if (format !== undefined) return binaryInput(displayPath, `is ${format[0]}, not plain FASTA`);
  if (start.subarray(0, 512).includes(NUL)) return binaryInput(displayPath, 'is a binary file, not FASTA');
  const line = start.subarray(0, firstLineLength(start));
  const seen = JSON.stringify(Buffer.from(line).toString('utf8'));
  return new InputError(
    'NOT_FASTA',
    `${displayPath} is not FASTA: it starts with ${seen} where a record must start with ">". ${adviceFor(start[0])}`,
    { details: { path: displayPath, seen } },
  );
}

export function binaryInput(displayPath: string, problem: string): InputError {
  return new InputError(
    'INPUT_BINARY',
    `${displayPath} ${problem}. Give uncompressed or gzipped FASTA text.`,
    {
      details: { path: displayPath },
    },
  );
}

export function nulByte(displayPath: string, offset: number, line: number): InputError {
  return binaryInput(
    displayPath,
    `holds a NUL byte at byte ${offset} (line ${line}): it is binary or damaged`,
  );
}

export function noRecords(displayPath: string): InputError {
  return new InputError(
    'INPUT_EMPTY',
    `${displayPath} holds no FASTA record, only blank lines. Leave it out.`,
    {
      details: { path: displayPath },
    },
  );
}

export function missingId({ displayPath, ordinal, line }: RecordPlace): InputError {
  return new InputError(
    'MISSING_ID',
    `A record without an id: ${displayPath}, line ${line}. Put an id right after its ">"; ids are never made up.`,
    { details: { path: displayPath, ordinal, line } },
  );
}

/** Lines that end with CR alone would make one header of the rest of the file: all its records would be lost unseen. */
export function loneReturn({ displayPath, ordinal, line }: RecordPlace): InputError {
  return new InputError(
    'LINE_ENDS',
    `${displayPath}, line ${line}: the header goes on after a carriage return (CR) without a line feed (LF), as on old Macs, so that ` +
      "its sequence cannot be told from it. Convert the file first: tr '\\r' '\\n' < FILE > NEW_FILE",
    { details: { path: displayPath, ordinal, line } },
  );
}

export function duplicateId(id: string, first: RecordPlace, second: RecordPlace): InputError {
  return new InputError(
    'DUPLICATE_ID',
    `The id ${JSON.stringify(id)} is given twice: ${first.displayPath}, line ${first.line}, and ` +
      `${second.displayPath}, line ${second.line}. Rename one, or allow it with --duplicate-ids keep.`,
    {
      details: {
        id,
        firstPath: first.displayPath,
        firstOrdinal: first.ordinal,
        firstLine: first.line,
        secondPath: second.displayPath,
        secondOrdinal: second.ordinal,
        secondLine: second.line,
      },
    },
  );
}

export function inputChanged(displayPath: string, difference: string): InputError {
  return new InputError(
    'INPUT_CHANGED',
    `${displayPath} has changed since the run began: ${difference}. Restore it, or start over with --force-restart.`,
    { details: { path: displayPath } },
  );
}

function firstLineLength(bytes: Uint8Array): number {
  const end = bytes.findIndex((byte) => isBlank(byte) && byte !== 0x20 && byte !== 0x09);
  return Math.min(SHOWN_BYTES, end === -1 ? bytes.length : end);
}

function adviceFor(firstByte: number | undefined): string {
  if (firstByte === 0x40) return 'It looks like FASTQ: convert it first (seqkit fq2fa).';
  if (firstByte === 0x3b) return 'Comment lines with ";" are not supported: remove them.';
  return 'Check that this is the right file.';
}
