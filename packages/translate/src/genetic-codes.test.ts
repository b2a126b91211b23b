import { describe, expect, test } from '@jest/globals';

import { AMINO_ACIDS_BY_CODE, GENETIC_CODES } from './genetic-codes.ts';
import { SixFrames } from './six-frames.ts';

/** NCBI's "Differences from the Standard Code", from the page of each code. */
const DIFFERENCES: Readonly<Record<number, string>> = {
  1: '',
  2: 'ATA:M TGA:W AGA:* AGG:*',
  3: 'ATA:M CTT:T CTC:T CTA:T CTG:T TGA:W',
  4: 'TGA:W',
  5: 'ATA:M AGA:S AGG:S TGA:W',
  6: 'TAA:Q TAG:Q',
  9: 'AAA:N AGA:S AGG:S TGA:W',
  10: 'TGA:C',
  11: '',
  12: 'CTG:S',
  13: 'ATA:M AGA:G AGG:G TGA:W',
  14: 'AAA:N AGA:S AGG:S TAA:Y TGA:W',
  15: 'TAG:Q',
  16: 'TAG:L',
  21: 'TGA:W ATA:M AGA:S AGG:S AAA:N',
  22: 'TCA:* TAG:L',
  23: 'TTA:*',
  24: 'AGA:S AGG:K TGA:W',
  25: 'TGA:G',
  26: 'CTG:A',
  27: 'TAA:Q TAG:Q TGA:W',
  28: 'TAA:Q TAG:Q TGA:W',
  29: 'TAA:Y TAG:Y',
  30: 'TAA:E TAG:E',
  31: 'TGA:W TAA:E TAG:E',
  32: 'TAG:W',
  33: 'TAA:Y AGA:S AGG:K TGA:W',
};

const BASES = ['T', 'C', 'A', 'G'];
const CODONS = BASES.flatMap((a) => BASES.flatMap((b) => BASES.map((c) => a + b + c)));
const STANDARD = 'FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG';

const sixFramesOf = (geneticCode: number) =>
  new SixFrames({ chunkLength: 300, geneticCode, minResidues: 1, orfs: false });

describe('the genetic codes', () => {
  test('are all that NCBI has', () => {
    expect(GENETIC_CODES).toEqual(Object.keys(DIFFERENCES).map(Number));
  });

  test.each(GENETIC_CODES)('%d differs from the standard code where NCBI says so', (code) => {
    const found = CODONS.flatMap((codon, index) => {
      const residue = AMINO_ACIDS_BY_CODE.get(code)![index]!;
      return residue === STANDARD[index] ? [] : [`${codon}:${residue}`];
    });
    expect(found.sort()).toEqual(DIFFERENCES[code]!.split(' ').filter(Boolean).sort());
  });

  test.each(GENETIC_CODES)('%d translates each of its codons, on both strands', (code) => {
    const sixFrames = sixFramesOf(code);
    const aminoAcids = AMINO_ACIDS_BY_CODE.get(code)!;
    const complement: Readonly<Record<string, string>> = { A: 'T', C: 'G', G: 'C', T: 'A' };
    for (const [index, codon] of CODONS.entries()) {
      const other = Array.from(codon, (base) => complement[base]!)
        .reverse()
        .join('');
      for (const [letters, label] of [
        [codon, 'F1'],
        [other, 'R1'],
      ] as const) {
        const open = sixFrames.translate(Buffer.from(letters), 0, 3).find((frame) => frame.label === label);
        expect(open === undefined ? '*' : Buffer.from(open.protein).toString()).toBe(aminoAcids[index]);
      }
    }
  });

  test('another number is none', () => {
    expect(() => sixFramesOf(7)).toThrow('NCBI has no genetic code 7');
  });
});
