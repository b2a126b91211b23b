import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { uniqueSequences } from './unique-sequences.ts';

test('every record is computed or a copy of one that is, with the same tokens; rejected ones are neither', () => {
  const sequences = fc.array(fc.array(fc.integer({ min: 4, max: 6 }), { maxLength: 4 }), { maxLength: 40 });
  fc.assert(
    fc.property(sequences, (records) => {
      const tokens = Uint8Array.from(records.flat());
      const tokenOffsets = new Uint32Array(records.length + 1);
      records.forEach(({ length }, index) => (tokenOffsets[index + 1] = tokenOffsets[index]! + length));
      const ids = records.map((_, index) => `r${index}`);
      const shard = { ids, tokens, tokenOffsets, truncated: new Uint8Array(records.length), rejections: [] };
      const { representatives, copies } = uniqueSequences(shard);
      const contents = representatives.map((record) => records[record]!.join());
      expect(new Set(contents).size).toBe(contents.length);
      const covered = representatives.flatMap((record) => [record, ...(copies.get(record) ?? [])]);
      const present = ids.map((_, record) => record).filter((record) => records[record]!.length > 0);
      expect(covered.toSorted((a, b) => a - b)).toEqual(present);
      for (const [record, others] of copies) {
        expect(Math.min(...others)).toBeGreaterThan(record);
        for (const other of others) expect(records[other]).toEqual(records[record]);
      }
    }),
  );
});
