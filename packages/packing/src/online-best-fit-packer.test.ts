import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { OnlineBestFitPacker } from './online-best-fit-packer.ts';
import type { Pack } from './pack.ts';

function packAll(lengths: readonly number[], tokenBudget: number, openPacks: number): Pack[] {
  const packer = new OnlineBestFitPacker({ tokenBudget, openPacks });
  return [...lengths.flatMap((tokens) => packer.add(tokens)), ...packer.flush()];
}

const stream = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 110 }), { maxLength: 150 }),
  openPacks: fc.integer({ min: 1, max: 8 }),
});

test('a stream is partitioned into packs within the budget, and nothing is lost at its end', () => {
  fc.assert(
    fc.property(stream, ({ lengths, openPacks }) => {
      const packs = packAll(lengths, 100, openPacks);
      const all = packs.flatMap(({ indices }) => [...indices]).sort((a, b) => a - b);
      expect(all).toEqual([...lengths.keys()]);
      for (const { indices, tokens } of packs) {
        expect(tokens).toBe([...indices].reduce((sum, index) => sum + lengths[index]!, 0));
        expect(tokens <= 100 || indices.length === 1).toBe(true);
      }
    }),
  );
});

test('no more sequences are held back than fit in the open packs', () => {
  fc.assert(
    fc.property(stream, ({ lengths, openPacks }) => {
      const packer = new OnlineBestFitPacker({ tokenBudget: 100, openPacks });
      lengths.forEach((tokens) => packer.add(tokens));
      expect(packer.flush().length).toBeLessThanOrEqual(openPacks);
    }),
  );
});

test('the fullest pack with room takes a sequence, and a full one leaves at once', () => {
  const packer = new OnlineBestFitPacker({ tokenBudget: 10, openPacks: 2 });
  expect(packer.add(4)).toEqual([]);
  expect(packer.add(7)).toEqual([]);
  expect(packer.add(3)).toEqual([{ indices: Uint32Array.of(1, 2), tokens: 10 }]);
  expect(packer.flush()).toEqual([{ indices: Uint32Array.of(0), tokens: 4 }]);
});

test('when a sequence fits nowhere, the fullest open pack is closed for it', () => {
  const packer = new OnlineBestFitPacker({ tokenBudget: 10, openPacks: 2 });
  packer.add(6);
  packer.add(8);
  expect(packer.add(9)).toEqual([{ indices: Uint32Array.of(1), tokens: 8 }]);
});

test('a broken length, budget or number of open packs is refused', () => {
  expect(() => new OnlineBestFitPacker({ tokenBudget: 0 })).toThrow(RangeError);
  expect(() => new OnlineBestFitPacker({ tokenBudget: 10, openPacks: 0 })).toThrow(RangeError);
  expect(() => new OnlineBestFitPacker({ tokenBudget: 10 }).add(0)).toThrow(RangeError);
});
