import type { LongSequences } from '@virnucpro/protocol';

import { BYTE_CLASS, byteClasses, NOT_A_TOKEN, STAR } from './byte-classes.ts';
import { byteAt } from './element.ts';

/** BOS and EOS, which every sequence gets. */
export const SPECIAL_TOKENS = 2;

export type RecordStatus = 'ok' | 'truncated' | 'empty' | 'invalid' | 'too-long';

export interface RecordVerdict {
  readonly status: RecordStatus;
  /** BOS and EOS included, after truncation; 0 for a rejected record ('empty', 'invalid', 'too-long'). */
  readonly tokens: number;
}

export interface RecordClass extends RecordVerdict {
  /** Residues before truncation. */
  readonly residues: number;
  /** Index in `bytes` of the first byte that is no residue, or null. */
  readonly firstInvalidOffset: number | null;
}

/** What happens to a record of so many residues: the one rule that the scan and the loader share. */
export function judgeRecord(
  residues: number,
  hasInvalidByte: boolean,
  maxResidues: number,
  longSequences: LongSequences,
): RecordVerdict {
  if (hasInvalidByte) return { status: 'invalid', tokens: 0 };
  if (residues === 0) return { status: 'empty', tokens: 0 };
  if (residues <= maxResidues) return { status: 'ok', tokens: residues + SPECIAL_TOKENS };
  if (longSequences === 'reject') return { status: 'too-long', tokens: 0 };
  return { status: 'truncated', tokens: maxResidues + SPECIAL_TOKENS };
}

/**
 * Counts the residues of bytes[start, end) and says what becomes of the record. White space is skipped, one
 * `*` at the end is dropped. Pure; agrees with the scan's count for the same bytes.
 *
 * @param start first byte after the header line
 * @param tokenOf 256 entries, 255 = not a residue letter
 */
export function classifyRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  tokenOf: Uint8Array,
  maxResidues: number,
  longSequences: LongSequences,
): RecordClass {
  const classes = classesOf(tokenOf);
  const last = lastVisibleByte(bytes, start, end, classes);
  const sequenceEnd = last >= start && bytes[last] === STAR ? last : last + 1;
  const starIsResidue = tokenOf[STAR] !== NOT_A_TOKEN;
  let residues = 0;
  let firstInvalidOffset: number | null = null;
  for (let at = start; at < sequenceEnd; at += 1) {
    const byteClass = byteAt(classes, byteAt(bytes, at));
    if (byteClass === BYTE_CLASS.residue || (byteClass === BYTE_CLASS.star && starIsResidue)) residues += 1;
    else if (byteClass > BYTE_CLASS.blank) firstInvalidOffset ??= at;
  }
  const verdict = judgeRecord(residues, firstInvalidOffset !== null, maxResidues, longSequences);
  return { ...verdict, residues, firstInvalidOffset };
}

function lastVisibleByte(bytes: Uint8Array, start: number, end: number, classes: Uint8Array): number {
  let last = end - 1;
  while (last >= start && isIgnored(byteAt(classes, byteAt(bytes, last)))) last -= 1;
  return last;
}

function isIgnored(byteClass: number): boolean {
  return byteClass === BYTE_CLASS.blank || byteClass === BYTE_CLASS.lineFeed;
}

const knownClasses = new WeakMap<Uint8Array, Uint8Array>();

function classesOf(tokenOf: Uint8Array): Uint8Array {
  const known = knownClasses.get(tokenOf);
  if (known !== undefined) return known;
  const classes = byteClasses(tokenOf);
  knownClasses.set(tokenOf, classes);
  return classes;
}
