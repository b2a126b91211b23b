import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { PackSearch } from './pack-search.ts';

/** Plays the device: a subset crashes when `crashes` says so. @returns crashes seen */
function play(search: PackSearch, crashes: (records: readonly number[]) => boolean): number {
  let seen = 0;
  for (let { probe } = search; probe !== null; probe = search.probe) {
    if (crashes(probe)) {
      seen += 1;
      search.crashed();
    } else search.survived();
  }
  return seen;
}

describe('the search in a pack that crashes', () => {
  test('finds exactly the records that crash alone, whichever they are', () => {
    const packs = fc
      .uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 60 })
      .chain((records) => fc.tuple(fc.constant(records), fc.subarray(records, { minLength: 1 })));
    fc.assert(
      fc.property(packs, ([records, poison]) => {
        const search = new PackSearch(records);
        play(search, (probe) => probe.some((record) => poison.includes(record)));
        expect(search.result.crashing).toEqual(poison.toSorted((a, b) => a - b));
      }),
    );
  });

  test('needs one crash per halving for one bad record, and one to be sure', () => {
    const records = Array.from({ length: 1024 }, (_, index) => index);
    const search = new PackSearch(records);
    expect(play(search, (probe) => probe.includes(700))).toBe(11);
  });

  test('names none when the parts are well and only the whole crashes', () => {
    const search = new PackSearch([1, 2, 3, 4, 5]);
    play(search, ({ length }) => length >= 4);
    expect(search.result).toEqual({ crashing: [] });
  });

  test('of a single record takes two crashes alone, and one that it survives clears it', () => {
    const guilty = new PackSearch([7]);
    expect(play(guilty, () => true)).toBe(2);
    expect(guilty.result.crashing).toEqual([7]);
    expect(() => guilty.survived()).toThrow('over');
    const innocent = new PackSearch([7]);
    let first = true;
    play(innocent, () => first && !(first = false));
    expect(innocent.result.crashing).toEqual([]);
  });
});
