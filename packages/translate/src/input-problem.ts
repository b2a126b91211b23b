import { InputError } from '@virnucpro/protocol/errors';

import { isProteinLetter } from './nucleotide-letters.ts';

/** Where a byte stands. */
export interface BytePlace {
  readonly displayPath: string;
  /** From 1. */
  readonly line: number;
  /** Of the record that it belongs to. */
  readonly id: string;
}

/** A byte in a sequence that no nucleotide sequence has. */
export function notNucleotide(byte: number, { displayPath, line, id }: BytePlace): InputError {
  const where = `${displayPath}, line ${line}, record ${JSON.stringify(id)}`;
  const seen =
    byte > 0x20 && byte < 0x7f ? JSON.stringify(String.fromCharCode(byte)) : `byte 0x${byte.toString(16)}`;
  const advice = isProteinLetter(byte)
    ? 'This looks like protein: embed it as it is, without translate.'
    : 'Check that this is nucleotide FASTA.';
  return new InputError('NOT_NUCLEOTIDE', `${where}: ${seen} is no nucleotide letter. ${advice}`, {
    details: { path: displayPath, line, id, byte },
  });
}

export function recordTooLong({ displayPath, line, id }: BytePlace, maxBases: number): InputError {
  return new InputError(
    'RECORD_TOO_LONG',
    `${displayPath}, line ${line}: the record ${JSON.stringify(id)} is longer than ${maxBases} bases. Split it first.`,
    { details: { path: displayPath, line, id, maxBases } },
  );
}
