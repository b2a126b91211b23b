import { byteAt } from './element.ts';
import { AMINO_ACIDS_BY_CODE } from './genetic-codes.ts';
import { lettersRead, type Direction, type Reading } from './strand.ts';

/** Codes of the bases in the order of NCBI's tables; every other letter is AMBIGUOUS. */
const BASE_ORDER = 'TCAG';
const AMBIGUOUS = BASE_ORDER.length;
const CODE_BITS = 3;

/** What `translateCodons` returns where there is a stop codon. */
export const STOPPED = -1;

const STOP = 0x2a;
const NO_RESIDUE = 0;

const FORWARD_CODES = codesRead(1);
const BACKWARD_CODES = codesRead(-1);

/** Code of each byte, also in lower case. U is no base to the original. */
function codesRead(direction: Direction): Uint8Array {
  return lettersRead(direction).map((letter) => {
    const code = BASE_ORDER.indexOf(String.fromCharCode(letter));
    return code === -1 ? AMBIGUOUS : code;
  });
}

/** Residue of each three codes of bases. */
export type CodonTable = Uint8Array;

/**
 * The table of one of NCBI's genetic codes; a codon with an ambiguous letter has no residue in it.
 *
 * @throws {RangeError} no such code: see GENETIC_CODES
 */
export function codonTable(geneticCode: number): CodonTable {
  const aminoAcids = AMINO_ACIDS_BY_CODE.get(geneticCode);
  if (aminoAcids === undefined) throw new RangeError(`NCBI has no genetic code ${geneticCode}`);
  const table = new Uint8Array(1 << (3 * CODE_BITS)).fill(NO_RESIDUE);
  for (let codon = 0; codon < aminoAcids.length; codon += 1) {
    table[tableIndex(codon >> 4, (codon >> 2) & 3, codon & 3)] = aminoAcids.charCodeAt(codon);
  }
  return table;
}

function tableIndex(first: number, second: number, third: number): number {
  return (first << (2 * CODE_BITS)) | (second << CODE_BITS) | third;
}

/**
 * Translates the codons of a reading; one or two bases at its end are left over. A codon that is none of the 64 (it
 * holds N, another IUPAC letter, U, '-' …) gives no residue, not an X: the protein is shorter than its codons
 * (units.py, lines 54 to 73).
 *
 * @param protein is written to; room for a third of the bases
 * @returns residues written, or STOPPED at the first stop codon
 */
export function translateCodons(reading: Reading, table: CodonTable, protein: Uint8Array): number {
  const { sequence, first, bases, direction } = reading;
  const codes = direction === 1 ? FORWARD_CODES : BACKWARD_CODES;
  let residues = 0;
  let at = first;
  for (let left = bases; left >= 3; left -= 3) {
    const codon = tableIndex(
      byteAt(codes, byteAt(sequence, at)),
      byteAt(codes, byteAt(sequence, at + direction)),
      byteAt(codes, byteAt(sequence, at + 2 * direction)),
    );
    const residue = byteAt(table, codon);
    if (residue === STOP) return STOPPED;
    protein[residues] = residue;
    // Without a branch: what is no residue is written over by the next one.
    residues += residue === NO_RESIDUE ? 0 : 1;
    at += 3 * direction;
  }
  return residues;
}

/** Codons of a reading before its first stop codon; all of them when it has none. */
export function codonsBeforeStop(reading: Reading, table: CodonTable): number {
  const { sequence, first, bases, direction } = reading;
  const codes = direction === 1 ? FORWARD_CODES : BACKWARD_CODES;
  const codons = Math.floor(bases / 3);
  let at = first;
  for (let count = 0; count < codons; count += 1) {
    const codon = tableIndex(
      byteAt(codes, byteAt(sequence, at)),
      byteAt(codes, byteAt(sequence, at + direction)),
      byteAt(codes, byteAt(sequence, at + 2 * direction)),
    );
    if (byteAt(table, codon) === STOP) return count;
    at += 3 * direction;
  }
  return codons;
}
