import { expect, test } from '@jest/globals';

import { forEachRecord, type FastaRecord } from './records.ts';

function recordsOf(text: string, firstOrdinal = 0) {
  const bytes = Buffer.from(text, 'latin1');
  const records: FastaRecord[] = [];
  forEachRecord(bytes, firstOrdinal, (record) => records.push(record));
  return records.map((record) => ({
    ordinal: record.ordinal,
    id: record.id,
    header: bytes.toString('latin1', record.headerStart, record.headerEnd),
    sequence: bytes.toString('latin1', record.sequenceStart, record.sequenceEnd),
  }));
}

test('records follow each other from > to >, and ordinals go on from the first', () => {
  expect(recordsOf('>a first\nMK\nVL\n>b\r\nAC\r\n\r\n>c', 7)).toEqual([
    { ordinal: 7, id: 'a', header: 'a first', sequence: 'MK\nVL\n' },
    { ordinal: 8, id: 'b', header: 'b\r', sequence: 'AC\r\n\r\n' },
    { ordinal: 9, id: 'c', header: 'c', sequence: '' },
  ]);
});

test('a > counts only at the start of a line', () => {
  expect(recordsOf('>a 5->3\nM>K\n>b\nAC>\n').map(({ id, sequence }) => [id, sequence])).toEqual([
    ['a', 'M>K\n'],
    ['b', 'AC>\n'],
  ]);
});

test('records without sequence stand next to each other', () => {
  expect(recordsOf('>a\n>b\n>c\nM').map(({ id, sequence }) => [id, sequence])).toEqual([
    ['a', ''],
    ['b', ''],
    ['c', 'M'],
  ]);
});

test('an id is the first word of the header, and empty when there is none', () => {
  expect(recordsOf('> a b\n>\tc\td\n>\n> \r\n').map(({ id }) => id)).toEqual(['a', 'c', '', '']);
});

test('an id is read as UTF-8, and bytes that are none become U+FFFD', () => {
  expect(recordsOf('>\xc3\xa9\xff x\nM\n')[0]?.id).toBe('é\ufffd');
});

test('a view into a larger buffer is read at its own place', () => {
  const whole = Buffer.from('xxx>a\nMK\nyyy');
  const ids: string[] = [];
  forEachRecord(whole.subarray(3, 9), 0, ({ id, sequenceEnd }) => ids.push(`${id}:${String(sequenceEnd)}`));
  expect(ids).toEqual(['a:6']);
});
