import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { SixFrames } from './six-frames.ts';
import { copyBases, type Reading } from './strand.ts';

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

const WHOLE = { chunkLength: 500, geneticCode: 1, minResidues: 1, orfs: false } as const;
const sixFrames = new SixFrames(WHOLE);

function frames(chunk: string): string[][] {
  return sixFrames
    .translate(Buffer.from(`!${chunk}!`), 1, chunk.length + 1)
    .map(({ label, bases, protein }) => [label, read(bases), text(protein)]);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function read(reading: Reading): string {
  return text(copyBases(reading, new Uint8Array(reading.bases)));
}

function reverseComplement(strand: string): string {
  const { length } = strand;
  return read({ sequence: Buffer.from(strand), first: length - 1, bases: length, direction: -1 });
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

test('frames shorter than the least are left out', () => {
  const [short, long] = [sixFrames, new SixFrames({ ...WHOLE, minResidues: 3 })].map((frames_) =>
    frames_.translate(Buffer.from('ATGGCCAAAC'), 0, 10).map(({ label }) => label),
  );
  expect(short).toEqual(['F1', 'F2', 'F3', 'R1', 'R2', 'R3']);
  expect(long).toEqual(['F1', 'F2', 'R1', 'R2']);
});

/** A frame cut at its stop codons, in strings: [label, number, residues, bases, their place on the chunk]. */
function plainPieces(chunk: string, minResidues: number): unknown[][] {
  const forward = chunk.toUpperCase();
  const reverse = reverseComplement(forward);
  return [forward, reverse].flatMap((strand, strandIndex) =>
    [0, 1, 2].flatMap((offset) => {
      const codons = strand.slice(offset).match(/.../g) ?? [];
      let at = offset;
      const pieces: { bases: string; start: number }[] = [{ bases: '', start: at }];
      for (const codon of codons) {
        at += 3;
        if (CODONS.get(codon) === '*') pieces.push({ bases: '', start: at });
        else pieces.at(-1)!.bases += codon;
      }
      return pieces.flatMap(({ bases, start }, index) => {
        const protein = (bases.match(/.../g) ?? []).map((codon) => CODONS.get(codon) ?? '').join('');
        if (protein.length < minResidues) return [];
        const end = start + bases.length;
        const place = strandIndex === 0 ? [start, end] : [chunk.length - end, chunk.length - start];
        return [[`${'FR'[strandIndex]!}${offset + 1}`, index + 1, protein, bases, ...place]];
      });
    }),
  );
}

test('with orfs, frames are split at their stops; pieces are numbered by the stops before them', () => {
  fc.assert(
    fc.property(
      fc.oneof(strandOf('ACGT', 500), strandOf('TAG', 100), strandOf(IUPAC, 300)),
      fc.integer({ min: 1, max: 12 }),
      (chunk, minResidues) => {
        const found = new SixFrames({ ...WHOLE, orfs: true, minResidues })
          .translate(Buffer.from(`!${chunk}!`), 1, chunk.length + 1)
          .map(({ label, orf, protein, bases, start, end }) => [
            label,
            orf,
            text(protein),
            read(bases),
            start - 1,
            end - 1,
          ]);
        expect(found).toEqual(plainPieces(chunk, minResidues));
      },
    ),
    { numRuns: 1000 },
  );
});

test('a whole frame says where its codons are, the dropped ones among them', () => {
  fc.assert(
    fc.property(strandOf('ACGNNN', 200), (chunk) => {
      for (const { label, start, end } of sixFrames.translate(Buffer.from(chunk), 0, chunk.length)) {
        const offset = Number(label[1]) - 1;
        const codonBases = Math.floor((chunk.length - offset) / 3) * 3;
        expect(end - start).toBe(codonBases);
        expect(label.startsWith('F') ? start : chunk.length - end).toBe(offset);
      }
    }),
  );
});
