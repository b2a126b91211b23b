import { isBlank, LINE_FEED, RECORD_START } from './byte-classes.ts';
import { byteAt } from './element.ts';

export type SequenceType = 'nucleotide' | 'protein';

export interface SequenceTypeGuess {
  /** Null: too few letters, or neither fits. */
  readonly type: SequenceType | null;
  /** Letters of sequences that were looked at. */
  readonly letters: number;
  /** Share of them that are A, C, G, T, U or N. */
  readonly nucleotideShare: number;
}

/** Fewer letters may be a peptide of nothing but A, C, G, T and N. */
const LEAST_LETTERS = 300;
/** Proteins have 0.26 on average. */
const LEAST_NUCLEOTIDE_SHARE = 0.9;
/** Proteins have 0.35 on average; nucleotide sequences have none, so a few are mistakes in some record. */
const LEAST_PROTEIN_SHARE = 0.1;

const NUCLEOTIDES = 'ACGTUN';
/** Amino acids that are no IUPAC nucleotide letters. */
const PROTEIN_ONLY = 'EFIJLOPQZ';

const KIND = { other: 0, nucleotide: 1, proteinOnly: 2, neither: 3 } as const;

const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte & ~0x20);
  if (byte > 127 || letter < 'A' || letter > 'Z') return KIND.other;
  if (NUCLEOTIDES.includes(letter)) return KIND.nucleotide;
  return PROTEIN_ONLY.includes(letter) ? KIND.proteinOnly : KIND.neither;
});

/**
 * Tells nucleotide from protein FASTA by its letters; other characters do not count. Pure.
 *
 * nucleotide: 90 % of at least 300 letters are A, C, G, T, U or N
 * protein: 10 % of the letters are amino acids that no nucleotide alphabet has (E, F, I, J, L, O, P, Q, Z)
 *
 * @param bytes the beginning of a file, from a line's start
 */
export function guessSequenceType(bytes: Uint8Array): SequenceTypeGuess {
  const counts = [0, 0, 0, 0];
  for (let at = 0; at < bytes.length;) {
    const isHeader = bytes[at] === RECORD_START;
    for (; at < bytes.length && bytes[at] !== LINE_FEED; at += 1) {
      if (isHeader || isBlank(byteAt(bytes, at))) continue;
      const kind = byteAt(KINDS, byteAt(bytes, at));
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    at += 1;
  }
  const [, nucleotides = 0, proteinOnly = 0, neither = 0] = counts;
  const letters = nucleotides + proteinOnly + neither;
  const nucleotideShare = letters === 0 ? 0 : nucleotides / letters;
  const isNucleotide = letters >= LEAST_LETTERS && nucleotideShare >= LEAST_NUCLEOTIDE_SHARE;
  const isProtein = letters > 0 && proteinOnly / letters >= LEAST_PROTEIN_SHARE;
  return { type: isNucleotide ? 'nucleotide' : isProtein ? 'protein' : null, letters, nucleotideShare };
}
