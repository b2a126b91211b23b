/** What a byte means where sequence is expected; `base` is 0 so that runs of bases are quick to test. */
export const LETTER_CLASS = {
  base: 0,
  lineEnd: 1,
  space: 2,
  lineBlank: 3,
  recordStart: 4,
  foreign: 5,
} as const;

/** IUPAC's nucleotide letters, X for any base, and what alignments put in gaps. */
const BASES = 'ACGTURYSWKMBDHVNX-.*';

/** Letters of amino acids that are no nucleotide letters. */
const PROTEIN_LETTERS = 'EFIJLOPQZ';

export const LETTER_CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte);
  if (letter === '\n' || letter === '\r') return LETTER_CLASS.lineEnd;
  if (letter === ' ') return LETTER_CLASS.space;
  if (isBlankByte(byte)) return LETTER_CLASS.lineBlank;
  if (letter === '>') return LETTER_CLASS.recordStart;
  // toUpperCase turns some letters beyond ASCII into others: those are no bases.
  return byte < 128 && BASES.includes(letter.toUpperCase()) ? LETTER_CLASS.base : LETTER_CLASS.foreign;
});

/** What Python's str.split takes for white space, as far as it is ASCII. */
export function isBlankByte(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || (byte >= 0x1c && byte <= 0x1f);
}

export function isProteinLetter(byte: number): boolean {
  return byte < 128 && PROTEIN_LETTERS.includes(String.fromCharCode(byte).toUpperCase());
}

/** 0 for a nucleotide letter, 255 for any other byte: the form in which @virnucpro/fasta is told what a sequence is made of. */
export const NUCLEOTIDE_TOKENS = LETTER_CLASSES.map((letterClass) =>
  letterClass === LETTER_CLASS.base ? 0 : 255,
);
