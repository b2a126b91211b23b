import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { chunkOf, runEnd, runTable } from './byte-run.ts';

test('a run ends at the first byte outside it, wherever it begins and however the bytes lie in memory', () => {
  const table = runTable((byte) => byte < 250);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), fc.nat(3), (values, from, shift) => {
      const memory = new Uint8Array(values.length + shift);
      memory.set(values, shift);
      const start = Math.min(from, values.length);
      const naive = values.findIndex((byte, index) => index >= start && byte >= 250);
      const expected = naive === -1 ? values.length : naive;
      expect(runEnd(chunkOf(memory.subarray(shift)), table, start)).toBe(expected);
    }),
  );
});
