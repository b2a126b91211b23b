import { byteAt } from './element.ts';

/** Forward, or backward on the other strand. */
export type Direction = 1 | -1;

/** Bases of a sequence in the order in which they are read; nothing is copied. */
export interface Reading {
  readonly sequence: Uint8Array;
  /** Index of the base that is read first. */
  readonly first: number;
  readonly bases: number;
  /** Backward stands for the reverse complement. */
  readonly direction: Direction;
}

const CAPITAL = byteTable((letter) => (letter >= 'a' && letter <= 'z' ? letter.toUpperCase() : letter));

/** A, C, G and T only: the original leaves other letters (R, Y, U, N …) as they are (units.py, lines 127 to 146). */
const CAPITAL_COMPLEMENT = byteTable((letter, byte) => {
  const index = 'ACGTacgt'.indexOf(letter);
  return index === -1 ? String.fromCharCode(byteAt(CAPITAL, byte)) : 'TGCATGCA'.charAt(index);
});

/** What each byte becomes: in capitals, and the complement where the reading is backward. */
export function lettersRead(direction: Direction): Uint8Array {
  return direction === 1 ? CAPITAL : CAPITAL_COMPLEMENT;
}

/**
 * Writes the bases as they are read, in capitals.
 *
 * @param target room for all of them
 * @returns the part of `target` that was written
 */
export function copyBases({ sequence, first, bases, direction }: Reading, target: Uint8Array): Uint8Array {
  const letters = lettersRead(direction);
  for (let index = 0; index < bases; index += 1)
    target[index] = byteAt(letters, byteAt(sequence, first + index * direction));
  return target.subarray(0, bases);
}

function byteTable(become: (letter: string, byte: number) => string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => become(String.fromCharCode(byte), byte).charCodeAt(0));
}
