import { expect, test } from '@jest/globals';

import { LETTER_CLASS, LETTER_CLASSES } from './nucleotide-letters.ts';

/** ASCII that is printed, in its order. */
function lettersOf(letterClass: number): string {
  const printed = Array.from({ length: 0x7f - 0x21 }, (_, index) => 0x21 + index);
  return String.fromCharCode(...printed.filter((byte) => LETTER_CLASSES[byte] === letterClass));
}

// docs/virnucpro-compatibility.md names them.
test('bases are the letters of IUPAC, U and X in either case, and the marks of gaps and stops', () => {
  expect(lettersOf(LETTER_CLASS.base)).toBe('*-.ABCDGHKMNRSTUVWXYabcdghkmnrstuvwxy');
});

test('digits, the other letters and the other marks are none', () => {
  expect(lettersOf(LETTER_CLASS.foreign)).toBe('!"#$%&\'()+,/0123456789:;<=?@EFIJLOPQZ[\\]^_`efijlopqz{|}~');
  expect(lettersOf(LETTER_CLASS.recordStart)).toBe('>');
});

test("of the rest only line ends, blanks and, at a line's end, other white space are taken", () => {
  const taken = Array.from(LETTER_CLASSES.keys()).filter(
    (byte) => (byte <= 0x20 || byte >= 0x7f) && LETTER_CLASSES[byte] !== LETTER_CLASS.foreign,
  );
  expect(taken).toEqual([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1c, 0x1d, 0x1e, 0x1f, 0x20]);
});
