import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { plainFrames } from '../../../test/program/plain-translation.ts';
import { AMINO_ACIDS_BY_CODE } from './genetic-codes.ts';
import { SixFrames } from './six-frames.ts';

const WHOLE = { chunkLength: 500, geneticCode: 1, minResidues: 1, orfs: false } as const;
const aminoAcids = AMINO_ACIDS_BY_CODE.get(1)!;
const sixFrames = new SixFrames(WHOLE);

/** Frames as [label, protein]. */
function frames(chunk: string): string[][] {
  return sixFrames
    .translate(Buffer.from(`!${chunk}!`), 1, chunk.length + 1)
    .map(({ label, protein }) => [label, text(protein)]);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

const IUPAC = 'ACGTURYSWKMBDHVNXacgturyswkmbdhvnx-.*';
const strandOf = (letters: string, maxLength: number) =>
  fc.array(fc.constantFrom(...Array.from(letters)), { maxLength }).map((bases) => bases.join(''));

test('the frames are those of a plain translation; pieces are numbered by the stops before them', () => {
  const stopFree = fc
    .array(fc.constantFrom('ATG', 'GCC', 'aaa', 'CGN', 'NNN', 'GGC'), { maxLength: 166 })
    .map((codons) => codons.join(''));
  const chunks = fc.oneof(
    strandOf('ACGT', 60),
    strandOf('ACGT', 500),
    strandOf('TAG', 100),
    strandOf(IUPAC, 500),
    strandOf('ACGTN', 120),
    stopFree,
  );
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 12 }), fc.boolean(), (chunk, minResidues, orfs) => {
      const found = new SixFrames({ ...WHOLE, orfs, minResidues })
        .translate(Buffer.from(`!${chunk}!`), 1, chunk.length + 1)
        .map((frame) => ({
          ...frame,
          protein: text(frame.protein),
          start: frame.start - 1,
          end: frame.end - 1,
        }));
      const expected = plainFrames(chunk, { aminoAcids, minResidues, orfs });
      expect(found).toEqual(
        expected.map(({ label, orf, protein, start, end }) => ({ label, orf, protein, start, end })),
      );
    }),
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

test('ambiguous codons are dropped', () => {
  expect(frames('ATGNNNGCC')[0]).toEqual(['F1', 'MA']);
});

test('lower case is translated; U is no base', () => {
  expect(frames('atggcc')[0]).toEqual(['F1', 'MA']);
  expect(frames('AUGGCC')[0]).toEqual(['F1', 'A']);
});

test('frames shorter than the least are left out', () => {
  const [short, long] = [sixFrames, new SixFrames({ ...WHOLE, minResidues: 3 })].map((frames_) =>
    frames_.translate(Buffer.from('ATGGCCAAAC'), 0, 10).map(({ label }) => label),
  );
  expect(short).toEqual(['F1', 'F2', 'F3', 'R1', 'R2', 'R3']);
  expect(long).toEqual(['F1', 'F2', 'R1', 'R2']);
});
