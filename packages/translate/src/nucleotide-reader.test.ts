import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { translateBytes } from '../../../test/program/translate-bytes.ts';
import { NucleotideReader } from './nucleotide-reader.ts';

/** Reads text in pieces; each record as [id, sequence, line]. */
function read(text: string | Uint8Array, pieceBytes = 1000): [id: string, sequence: string, line: number][] {
  const bytes = Buffer.from(text);
  const reader = new NucleotideReader('a.fa');
  const records: [string, string, number][] = [];
  const keep = (found: ReturnType<NucleotideReader['end']>): void => {
    for (const { id, sequence, line } of found)
      records.push([Buffer.from(id).toString(), Buffer.from(sequence).toString(), line]);
  };
  for (let from = 0; from < bytes.length; from += pieceBytes)
    keep(reader.push(bytes.subarray(from, from + pieceBytes)));
  keep(reader.end());
  return records;
}

describe('a record is read', () => {
  test.each([
    ['in the plain case', '>a some words\nACGT\nAC\n', [['a', 'ACGTAC', 1]]],
    ['without a last line feed', '>a\nACGT', [['a', 'ACGT', 1]]],
    [
      'with CR LF',
      '>a b\r\nAC\r\nGT\r\n>b\r\nA\r\n',
      [
        ['a', 'ACGT', 1],
        ['b', 'A', 4],
      ],
    ],
    [
      'with CR alone',
      '>a\rAC\rGT\r>b\rA',
      [
        ['a', 'ACGT', 1],
        ['b', 'A', 4],
      ],
    ],
    ['with blank lines and blanks', '\n\n>a\n\nAC GT\n  \nAC\t\n', [['a', 'ACGTAC', 3]]],
    [
      'without bases',
      '>a\n>b\n\n>c',
      [
        ['a', '', 1],
        ['b', '', 2],
        ['c', '', 4],
      ],
    ],
    [
      'without an id',
      '>\nA\n>  b c\nC\n',
      [
        ['', 'A', 1],
        ['b', 'C', 3],
      ],
    ],
    ['of one base', '>a\nN\n', [['a', 'N', 1]]],
    ['after text', 'text > text\n;more\n>a\nA\n', [['a', 'A', 3]]],
    [
      'after a byte order mark',
      '\ufeff>a\nA\n>b\nC\n',
      [
        ['a', 'A', 1],
        ['b', 'C', 3],
      ],
    ],
    ['with IUPAC letters, case kept', '>a\nacgtRYSWKMBDHVNXU-.*\n', [['a', 'acgtRYSWKMBDHVNXU-.*', 1]]],
  ])('%s', (_, text, expected) => {
    for (const pieceBytes of [1, 2, 3, 1000]) expect(read(text, pieceBytes)).toEqual(expected);
  });

  test('in pieces of any size, line ends and line lengths of any kind', () => {
    const sequence = fc
      .array(fc.constantFrom(...Array.from('ACGTNacgtn')), { maxLength: 200 })
      .map((bases) => bases.join(''));
    const records = fc.array(sequence, { maxLength: 6 });
    const form = fc.record({
      lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
      columns: fc.integer({ min: 1, max: 90 }),
      pieceBytes: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(records, form, (sequences, { lineEnd, columns, pieceBytes }) => {
        const lines = sequences.flatMap((bases, index) => [
          `>r${index} text`,
          ...(bases.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []),
        ]);
        const found = read(lines.map((line) => line + lineEnd).join(''), pieceBytes);
        expect(found.map(([id, bases]) => [id, bases])).toEqual(
          sequences.map((bases, index) => [`r${index}`, bases]),
        );
        for (const [id, , line] of found) expect(lines[line - 1]).toBe(`>${id} text`);
      }),
    );
  });
});

describe('what is no nucleotide sequence is refused, with its line', () => {
  test.each([
    [
      'protein',
      '>a\nACGT\n>b x\nAC\nMKLV\n',
      /a\.fa, line 5, record "b": "L" is no nucleotide letter.*protein/,
    ],
    ['a ">" inside a line', '>a\nAC>GT\n', /line 2, record "a": ">" is no nucleotide letter/],
    ['a tab inside a line', '>a\r\nAC\tGT\r\n', /line 2, record "a": byte 0x9 is no/],
    ['a byte beyond ASCII', '>a\nAC\u00b5\n', /byte 0xc2/],
  ])('%s', (_, text, says) => {
    for (const pieceBytes of [1, 1000]) expect(() => read(text, pieceBytes)).toThrow(says);
  });
});

describe('the three files', () => {
  test('have the same ids in the same order, and chunks of 60 columns that hold the record', () => {
    const bases = fc.array(fc.constantFrom(...Array.from('ACGGCN')), { minLength: 1, maxLength: 1500 });
    fc.assert(
      fc.property(bases, (letters) => {
        const sequence = letters.join('');
        const { chunks, nucleotides, proteins } = translateBytes(Buffer.from(`>a\n${sequence}\n`), 300);
        const ids = (text: string) => text.match(/^>.*$/gm) ?? [];
        expect(ids(nucleotides)).toEqual(ids(proteins));
        const pieces = chunks.split(/^>.*\n/m).slice(1);
        expect(ids(chunks)).toEqual(pieces.map((_, index) => `>a_chunk_${index + 1}`));
        for (const piece of pieces) {
          expect(piece).toMatch(/^([^\n]{60}\n)*([^\n]{1,60}\n)?$/);
          expect(sequence).toContain(piece.replaceAll('\n', ''));
        }
      }),
    );
  });

  test('come in batches, also within a record that is far longer', () => {
    const { chunks } = translateBytes(Buffer.from(`>a\n${'ACGT'.repeat(1_000_000)}\n`), 500);
    expect(chunks.match(/>/g)).toHaveLength(8000);
    expect(chunks.replaceAll(/>.*\n|\n/g, '')).toBe('ACGT'.repeat(1_000_000));
  });
});
