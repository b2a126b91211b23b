import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { hashId } from './id-hash.ts';
import { IdSet } from './id-set.ts';

function columns(hashes: readonly (readonly [number, number])[]) {
  return {
    count: hashes.length,
    hashLow: Int32Array.from(hashes.map(([low]) => low)),
    hashHigh: Int32Array.from(hashes.map(([, high]) => high)),
  };
}

test('a hash is reported whenever it comes again, in one batch or in a later one', () => {
  const hash = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -2, max: 2 }));
  fc.assert(
    fc.property(fc.array(fc.array(hash, { maxLength: 12 }), { maxLength: 8 }), (batches) => {
      const set = new IdSet();
      const known = new Map<string, number[]>();
      let number = 0;
      for (const batch of batches) {
        const expected: number[] = [];
        for (const entry of batch) {
          const numbers = known.get(entry.join()) ?? [];
          if (numbers.length > 0) expected.push(number);
          known.set(entry.join(), [...numbers, number]);
          number += 1;
        }
        const found = set.addAll(columns(batch));
        expect(found.filter((match) => set.withHashOf(match)[0]! < match)).toEqual(expected);
      }
      for (const numbers of known.values()) expect(set.withHashOf(numbers[0]!)).toEqual(numbers);
    }),
  );
});

test('a hundred thousand similar ids have different hashes, and are all found again after growing', () => {
  const out = new Int32Array(2);
  const hashes = Array.from({ length: 100_000 }, (_, index): [number, number] => {
    const id = Buffer.from(`sample_contig_${String(index)}_frame_${String(index % 6)}`);
    hashId(id, 0, id.length, out);
    return [out[0]!, out[1]!];
  });
  const set = new IdSet();
  for (let from = 0; from < hashes.length; from += 777) {
    expect(set.addAll(columns(hashes.slice(from, from + 777)))).toEqual([]);
  }
  expect(set.addAll(columns(hashes.slice(0, 1000)))).toHaveLength(1000);
  expect(set.withHashOf(5)).toEqual([5, 100_005]);
});
