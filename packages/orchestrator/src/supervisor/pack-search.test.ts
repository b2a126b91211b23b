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
        expect(search.result.together).toBe(false);
      }),
    );
  });

  test('needs one crash per halving for one bad record', () => {
    const records = Array.from({ length: 1024 }, (_, index) => index);
    const search = new PackSearch(records);
    expect(play(search, (probe) => probe.includes(700))).toBe(10);
  });

  test('names none when the parts are well and only the whole crashes', () => {
    const search = new PackSearch([1, 2, 3, 4, 5]);
    play(search, ({ length }) => length >= 4);
    expect(search.result).toEqual({ crashing: [], together: true });
  });

  test('of a single record is over before it begins', () => {
    const search = new PackSearch([7]);
    expect(search.probe).toBeNull();
    expect(search.result.crashing).toEqual([7]);
    expect(() => search.survived()).toThrow('over');
  });
});
