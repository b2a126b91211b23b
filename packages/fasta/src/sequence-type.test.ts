import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { guessSequenceType } from './sequence-type.ts';

const guess = (text: string) => guessSequenceType(Buffer.from(text)).type;

describe('the type of sequences is told by their letters', () => {
  test.each([
    ['bases', `>a\n${'ACGTN'.repeat(60)}\n`, 'nucleotide'],
    ['lower case and U', `>a\r\n${'acgu\r\n'.repeat(80)}`, 'nucleotide'],
    ['bases with a few other IUPAC letters', `>a\n${'ACGTACGTACGTACGTACGR'.repeat(20)}`, 'nucleotide'],
    ['bases with gaps', `>a\n${'ACGT----'.repeat(100)}`, 'nucleotide'],
    ['a short protein', '>a\nMKVLITGGAG\n', 'protein'],
    ['a protein under a header of bases', `>${'ACGT'.repeat(200)}\nMKVLITGGAG\n`, 'protein'],
    ['few bases: they may be a peptide', `>a\n${'GATTACA'.repeat(42)}\n`, null],
    ['letters of both', `>a\n${'RYSWKMBDHVX'.repeat(50)}\n`, null],
    ['no letters', '>a\n\n', null],
  ])('%s', (_, text, expected) => {
    expect(guess(text)).toBe(expected);
  });

  test('a long protein of A, C, G, T and N alone is taken for bases', () => {
    expect(guess(`>a\n${'GATTACA'.repeat(43)}\n`)).toBe('nucleotide');
  });

  test('a damaged record among many does not make bases protein', () => {
    expect(guess(`>a\n${'ACGT'.repeat(100)}\n>b\nELFI\n`)).toBe('nucleotide');
  });

  test('random proteins of natural composition are proteins, random genomes are not', () => {
    // Frequencies in per mille, of UniProtKB/Swiss-Prot.
    const shares = { A: 83, R: 55, N: 41, D: 55, C: 14, Q: 39, E: 67, G: 71, H: 23, I: 59, L: 97, K: 58 };
    const rest = { M: 24, F: 39, P: 47, S: 66, T: 54, W: 11, Y: 29, V: 69 };
    const residues = Object.entries({ ...shares, ...rest }).map(([letter, weight]) => ({
      weight,
      arbitrary: fc.constant(letter),
    }));
    fc.assert(
      fc.property(fc.array(fc.oneof(...residues), { minLength: 100, maxLength: 600 }), (letters) => {
        expect(guess(`>a\n${letters.join('')}\n`)).toBe('protein');
      }),
      { seed: 7 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Array.from('ACGTN')), { minLength: 300, maxLength: 900 }),
        (letters) => {
          expect(guess(`>a\n${letters.join('')}\n`)).toBe('nucleotide');
        },
      ),
    );
  });
});
