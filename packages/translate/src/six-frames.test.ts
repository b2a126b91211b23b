import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { SixFrames } from './six-frames.ts';
import { copyBases } from './strand.ts';

/** The reference: strings, slowly, after the rules in docs/virnucpro-compatibility.md. */
const BASES = ['T', 'C', 'A', 'G'];
const CODONS = new Map(
  Array.from('FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG', (residue, index) => [
    BASES[index >> 4]! + BASES[(index >> 2) & 3]! + BASES[index & 3]!,
    residue,
  ]),
);
const COMPLEMENT: Readonly<Record<string, string>> = { A: 'T', C: 'G', G: 'C', T: 'A' };

function plainFrames(chunk: string): string[][] {
  const forward = chunk.toUpperCase();
  const reverse = Array.from(forward)
    .reverse()
    .map((base) => COMPLEMENT[base] ?? base)
    .join('');
  return [forward, reverse].flatMap((strand, strandIndex) =>
    [0, 1, 2].flatMap((offset) => {
      const codons = strand.slice(offset).match(/.../g) ?? [];
      const protein = codons.map((codon) => CODONS.get(codon) ?? '').join('');
      if (protein === '' || protein.includes('*')) return [];
      const label = `${'FR'[strandIndex]!}${offset + 1}`;
      return [[label, strand.slice(offset, offset + 1 + 3 * protein.length), protein]];
    }),
  );
}

const sixFrames = new SixFrames(500);

function frames(chunk: string): string[][] {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
  return sixFrames
    .translate(Buffer.from(`!${chunk}!`), 1, chunk.length + 1)
    .map(({ label, nucleotides, protein }) => [label, text(nucleotides), text(protein)]);
}

function reverseComplement(strand: string): string {
  const { length } = strand;
  const reading = { sequence: Buffer.from(strand), first: length - 1, bases: length, direction: -1 } as const;
  return Buffer.from(copyBases(reading, new Uint8Array(length))).toString('latin1');
}

const IUPAC = 'ACGTURYSWKMBDHVNXacgturyswkmbdhvnx-.*';
const strandOf = (letters: string, maxLength: number) =>
  fc.array(fc.constantFrom(...Array.from(letters)), { maxLength }).map((bases) => bases.join(''));

test('the reverse complement of the reverse complement is the strand', () => {
  fc.assert(
    fc.property(strandOf(IUPAC, 500), (strand) => {
      expect(reverseComplement(reverseComplement(strand))).toBe(strand.toUpperCase());
    }),
  );
  expect(reverseComplement('AACGTNRYU-x')).toBe('X-UYRNACGTT');
});

test('the frames are those of a plain translation', () => {
  const stopFree = fc
    .array(fc.constantFrom('ATG', 'GCC', 'aaa', 'CGN', 'NNN', 'GGC'), { maxLength: 166 })
    .map((codons) => codons.join(''));
  fc.assert(
    fc.property(
      fc.oneof(strandOf('ACGT', 60), strandOf(IUPAC, 500), strandOf('ACGTN', 120), stopFree),
      (chunk) => {
        expect(frames(chunk)).toEqual(plainFrames(chunk));
      },
    ),
    { numRuns: 2000 },
  );
});

test.each([
  ['nothing', ''],
  ['less than a codon', 'AC'],
  ['nothing but N', 'N'.repeat(300)],
  ['a stop in every frame', 'TAATTAATTAATTTAATTAATTAA'],
])('%s has no open frame', (_, chunk) => {
  expect(frames(chunk)).toEqual([]);
});

test('ambiguous codons are dropped, and the bases are cut by the residues that are left', () => {
  expect(frames('ATGNNNGCC')[0]).toEqual(['F1', 'ATGNNNG', 'MA']);
});

test('the bases of a frame go one base too far, but not beyond the chunk', () => {
  expect(frames('ATGGCCA')[0]).toEqual(['F1', 'ATGGCCA', 'MA']);
  expect(frames('ATGGCC')[0]).toEqual(['F1', 'ATGGCC', 'MA']);
});

test('lower case is translated and written in capitals; U is no base', () => {
  expect(frames('atggcc')[0]).toEqual(['F1', 'ATGGCC', 'MA']);
  expect(frames('AUGGCC')[0]).toEqual(['F1', 'AUGG', 'A']);
});
