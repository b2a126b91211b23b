import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { IntegerSet } from './integer-set.ts';

const operation = fc.record({ kind: fc.constantFrom('add', 'delete', 'find'), value: fc.nat(70_000) });

test('the successor is the smallest member that is not below the value asked for', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const set = new IntegerSet(70_000);
      const expected = new Set<number>();
      for (const { kind, value } of operations) {
        if (kind === 'add') {
          set.add(value);
          expected.add(value);
        } else if (kind === 'delete') {
          set.delete(value);
          expected.delete(value);
        } else {
          const notBelow = [...expected].filter((member) => member >= value);
          expect(set.successor(value)).toBe(notBelow.length === 0 ? -1 : Math.min(...notBelow));
        }
      }
    }),
  );
});

test('members at the borders of words and levels are found from the next lower value', () => {
  for (const member of [0, 31, 32, 1023, 1024, 32_767, 32_768]) {
    const set = new IntegerSet(32_768);
    set.add(member);
    expect(set.successor(Math.max(0, member - 1))).toBe(member);
    expect(set.successor(member)).toBe(member);
    expect(set.successor(member + 1)).toBe(-1);
  }
});
