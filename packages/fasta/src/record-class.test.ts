import { describe, expect, test } from '@jest/globals';

import { classifyRecord, type RecordStatus } from './record-class.ts';

const LETTERS = 'ACDEFGHIKLMNPQRSTVWYXBZUOJ-.';

function tokenTable(letters: string): Uint8Array {
  const tokenOf = new Uint8Array(256).fill(255);
  for (const letter of letters + letters.toLowerCase()) tokenOf[letter.charCodeAt(0)] = 4;
  return tokenOf;
}

const classify = (
  sequence: string,
  letters = LETTERS + '*',
  longSequences: 'truncate' | 'reject' = 'truncate',
) => {
  const bytes = Buffer.from(sequence, 'latin1');
  return classifyRecord(bytes, 0, bytes.length, tokenTable(letters), 10, longSequences);
};

describe('a sequence of', () => {
  const cases: [string, string, number, number, RecordStatus, number | null][] = [
    ['letters over CRLF lines', 'MK\r\nVL\r\n', 4, 6, 'ok', null],
    ['lower case, gaps and blanks', 'mk\t-. \v\n\nv', 5, 7, 'ok', null],
    ['one trailing star', 'M*\n', 1, 3, 'ok', null],
    ['a star before blanks', 'M* \r\n\n', 1, 3, 'ok', null],
    ['an inner star', 'M*K', 3, 5, 'ok', null],
    ['two trailing stars', 'M**', 2, 4, 'ok', null],
    ['a star alone', '*\n', 0, 0, 'empty', null],
    ['nothing', '', 0, 0, 'empty', null],
    ['blanks', ' \n\r\n', 0, 0, 'empty', null],
    ['a digit', 'MK1L2', 3, 0, 'invalid', 2],
    ['a > inside a line', 'M>K', 2, 0, 'invalid', 1],
    ['a semicolon', ';MK', 2, 0, 'invalid', 0],
    ['as many residues as allowed', 'MKMKMKMKMK', 10, 12, 'ok', null],
    ['one more', 'MKMKMKMKMKM', 11, 12, 'truncated', null],
  ];
  test.each(cases)('%s', (_, sequence, residues, tokens, status, firstInvalidOffset) => {
    expect(classify(sequence)).toEqual({ residues, tokens, status, firstInvalidOffset });
  });
});

test('an over-long sequence has no tokens when such are rejected', () => {
  expect(classify('MKMKMKMKMKM', LETTERS, 'reject')).toMatchObject({
    status: 'too-long',
    tokens: 0,
    residues: 11,
  });
});

test('in an alphabet without star, an inner star is invalid and a trailing one is dropped', () => {
  expect(classify('M*K*', LETTERS)).toMatchObject({ status: 'invalid', firstInvalidOffset: 1 });
  expect(classify('MK*\n', LETTERS)).toMatchObject({ status: 'ok', residues: 2 });
});
