import { expect, test } from '@jest/globals';

import { packOnePerSequence } from './one-per-sequence.ts';

test('every sequence runs alone, in input order', () => {
  expect(packOnePerSequence([5, 900, 3])).toEqual([
    { indices: Uint32Array.of(0), tokens: 5 },
    { indices: Uint32Array.of(1), tokens: 900 },
    { indices: Uint32Array.of(2), tokens: 3 },
  ]);
});

test('an empty sequence is refused', () => {
  expect(() => packOnePerSequence([5, 0])).toThrow(/position 1 is 0/);
});
