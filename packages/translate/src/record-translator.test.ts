import { expect, test } from '@jest/globals';
import type { TranslationSettings } from '@virnucpro/protocol';
import fc from 'fast-check';

import { plainTranslation } from '../../../test/program/plain-translation.ts';
import { CHUNK_LENGTHS } from './chunk-plan.ts';
import type { WantedFiles } from './chunk-writer.ts';
import { AMINO_ACIDS_BY_CODE, GENETIC_CODES } from './genetic-codes.ts';
import { NucleotideReader } from './nucleotide-reader.ts';
import { RecordTranslator } from './record-translator.ts';

interface NamedSequence {
  readonly id: string;
  readonly sequence: string;
}

/** What comes out, and in how many batches. */
function translated(
  records: readonly NamedSequence[],
  settings: TranslationSettings,
  wanted: WantedFiles = 'all',
) {
  const translator = new RecordTranslator(settings, wanted);
  const files = { chunks: '', nucleotides: '', proteins: '' };
  let batches = 0;
  const keep = (found: ReturnType<RecordTranslator['flush']>): void => {
    for (const batch of found) {
      batches += 1;
      for (const kind of ['chunks', 'nucleotides', 'proteins'] as const)
        files[kind] += Buffer.from(batch[kind]).toString('latin1');
    }
  };
  for (const { id, sequence } of records)
    keep(translator.add({ id: Buffer.from(id), sequence: Buffer.from(sequence), line: 1 }));
  keep(translator.flush());
  return { files, batches, totals: translator.totals };
}

function expected(records: readonly NamedSequence[], settings: TranslationSettings) {
  const aminoAcids = AMINO_ACIDS_BY_CODE.get(settings.geneticCode)!;
  const files = { chunks: '', nucleotides: '', proteins: '' };
  for (const { id, sequence } of records) {
    const ofRecord = plainTranslation(id, sequence, { ...settings, aminoAcids });
    for (const kind of ['chunks', 'nucleotides', 'proteins'] as const) files[kind] += ofRecord[kind];
  }
  return files;
}

const IUPAC = 'ACGTURYSWKMBDHVNXacgturyswkmbdhvnx-.*';
const lettersOf = (letters: string, maxLength: number) =>
  fc.array(fc.constantFrom(...Array.from(letters)), { maxLength }).map((bases) => bases.join(''));
const sequences = fc.oneof(
  lettersOf('ACGT', 20),
  lettersOf('ACGT', 1600),
  lettersOf('ACGTacgt', 1600),
  lettersOf(IUPAC, 1600),
  lettersOf('TAG', 700),
  // Without a stop on either strand, or nearly so.
  fc
    .array(fc.constantFrom('ATG', 'GCC', 'aaa', 'CGN', 'NNN', 'GGC', 'A'), { maxLength: 400 })
    .map((codons) => codons.join('')),
  fc
    .tuple(lettersOf('ACGT', 300), fc.integer({ min: 0, max: 900 }), lettersOf('CG', 300))
    .map(([before, unknown, after]) => before + 'N'.repeat(unknown) + after),
);
const records = fc.array(
  fc.record({ id: fc.oneof(lettersOf('ab_|.1', 5), lettersOf('x', 100)), sequence: sequences }),
  { maxLength: 4 },
);
const settings: fc.Arbitrary<TranslationSettings> = fc.record({
  chunkLength: fc.constantFrom(...CHUNK_LENGTHS),
  geneticCode: fc.constantFrom(...GENETIC_CODES),
  minResidues: fc.oneof(
    fc.constant(1),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 160, max: 2 ** 40 }),
  ),
  orfs: fc.boolean(),
});

test('the three files are those of a plain translation, with every code and option', () => {
  fc.assert(
    fc.property(records, settings, (given, options) => {
      const { files, totals } = translated(given, options);
      expect(files).toEqual(expected(given, options));
      expect(totals).toEqual({
        records: given.length,
        emptyRecords: given.filter(({ sequence }) => sequence === '').length,
        bases: given.reduce((sum, { sequence }) => sum + sequence.length, 0),
        chunks: files.chunks.match(/>/g)?.length ?? 0,
        frames: files.proteins.match(/>/g)?.length ?? 0,
      });
      // The same bytes and numbers when only they are wanted.
      const only = translated(given, options, 'proteins');
      expect(only.files).toEqual({ chunks: '', nucleotides: '', proteins: files.proteins });
      expect(only.totals).toEqual(totals);
    }),
    { numRuns: 300 },
  );
});

test('so they are from a file, in any line length, line end and piece', () => {
  const form = fc.record({
    lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
    columns: fc.integer({ min: 1, max: 90 }),
    blank: fc.constantFrom('', ' '),
    pieceBytes: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(100_000)),
  });
  fc.assert(
    fc.property(records, form, settings, (given, { lineEnd, columns, blank, pieceBytes }, options) => {
      const lines = given.flatMap(({ id, sequence }) => [
        `>${id} text`,
        ...(sequence.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []).map((line) => line + blank),
      ]);
      const bytes = Buffer.from(lines.map((line) => line + lineEnd).join(''));
      const reader = new NucleotideReader('a.fa');
      const read: NamedSequence[] = [];
      const keep = (found: ReturnType<NucleotideReader['end']>): void => {
        for (const { id, sequence } of found)
          read.push({ id: Buffer.from(id).toString(), sequence: Buffer.from(sequence).toString() });
      };
      for (let from = 0; from < bytes.length; from += pieceBytes)
        keep(reader.push(bytes.subarray(from, from + pieceBytes)));
      keep(reader.end());
      const ids = given.map(({ id }) => (id === '' ? 'text' : id));
      expect(read).toEqual(given.map(({ sequence }, index) => ({ id: ids[index], sequence })));
      expect(translated(read, options).files).toEqual(expected(read, options));
    }),
    { numRuns: 100 },
  );
});

const WHOLE = { chunkLength: 300, geneticCode: 1, minResidues: 1, orfs: false } as const;

const OPEN = 'ATGGCCAAATTTGGGCCCACGTANRY';
const CLOSED = 'TAATTAATTAATTTAATTAATTAA';

// Longer than what is looked at at once; the room for the bases is full first, in the last case that for the chunks.
test.each([
  ['open', false, OPEN.repeat(4000)],
  ['open', true, OPEN.repeat(4000)],
  ['mostly closed', false, (OPEN.repeat(20) + CLOSED.repeat(50)).repeat(60)],
] as const)('many batches, cut anywhere, are one file: %s, orfs: %s', (_, orfs, sequence) => {
  const options = { ...WHOLE, orfs };
  // The plain translation is slow: one does for all, under their names.
  const plain = expected([{ id: '!', sequence }], options);
  const given = Array.from({ length: 45 }, (_, index) => ({ id: 'r'.repeat(1 + index), sequence }));
  const whole = (file: string): string => given.map(({ id }) => file.replaceAll('!', id)).join('');
  const { files, batches } = translated(given, options);
  expect(files.chunks).toBe(whole(plain.chunks));
  expect(files.nucleotides).toBe(whole(plain.nucleotides));
  expect(files.proteins).toBe(whole(plain.proteins));
  expect(batches).toBeGreaterThan(3);
  const only = translated(given, options, 'proteins');
  expect(only.files).toEqual({ chunks: '', nucleotides: '', proteins: files.proteins });
  expect(only.batches).toBeLessThan(batches);
});

test('an id that is longer than the room for a batch is written, too, and the records around it', () => {
  const given = [
    { id: 'a', sequence: 'ATGGCC'.repeat(100) },
    { id: 'i'.repeat(1_500_000), sequence: 'ATGGCC'.repeat(60) },
    { id: 'b', sequence: 'ACGTTA' },
  ];
  const options = { ...WHOLE, orfs: true, minResidues: 2 };
  const { files } = translated(given, options);
  expect(files).toEqual(expected(given, options));
  expect(translated(given, options, 'proteins').files.proteins).toBe(files.proteins);
});
