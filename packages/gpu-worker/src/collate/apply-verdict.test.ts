import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { applyVerdict, subsetOf } from './apply-verdict.ts';
import { layOutPack } from './varlen-collator.ts';

const [BOS, EOS, HARMLESS] = [0, 2, 5];

const packs = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 }).map((residues) =>
  layOutPack(
    residues.map((length, index) => ({
      id: `p${index}`,
      recordIndex: 10 + index,
      tokens: Uint8Array.from([BOS, ...Array.from({ length }, (_, at) => 4 + ((at + index) % 20)), EOS]),
    })),
    3,
    false,
  ),
);
const verdict = (crashing: number[]) => [{ packIndex: 3, crashing, tokenLimit: null, detail: 'SIGSEGV' }];

describe('a pack with records that crash', () => {
  test('keeps its size and every other record in its place, bit for bit', () => {
    fc.assert(
      fc.property(packs, fc.nat(), (pack, seed) => {
        const crashing = [...pack.recordIndices].filter((record) => (record + seed) % 3 === 0);
        const judged = applyVerdict(pack, verdict(crashing), HARMLESS);
        expect(judged.numTokens).toBe(pack.numTokens);
        expect(judged.rejections.map(({ recordIndex }) => recordIndex)).toEqual(crashing);
        for (let row = 0; row < judged.numSequences; row += 1) {
          const record = judged.recordIndices[row]!;
          const [start, end] = [judged.cuSeqlens[row]!, judged.cuSeqlens[row + 1]!];
          const tokens = judged.inputIds.subarray(start, end);
          expect(judged.positionIds[end - 1]).toBe(BigInt(end - start - 1));
          if (crashing.includes(record)) {
            expect(tokens.length).toBeGreaterThan(2);
            expect(tokens.length).toBeLessThanOrEqual(66);
            expect([tokens[0], tokens.at(-1)]).toEqual([BOS, EOS]);
            expect(new Set(tokens.subarray(1, -1))).toEqual(new Set([HARMLESS]));
          } else expect(tokens).toEqual(pack.inputIds.subarray(start, end));
        }
      }),
    );
  });

  test('can be computed in part, for a probe', () => {
    fc.assert(
      fc.property(packs, fc.nat(), (pack, seed) => {
        const wanted = [...pack.recordIndices].filter((record) => (record + seed) % 2 === 0);
        const subset = subsetOf(pack, new Set(wanted));
        expect([...subset.recordIndices]).toEqual(wanted);
        expect(subset.sequenceIds).toEqual(wanted.map((record) => `p${record - 10}`));
        expect(subset.numTokens).toBe(subset.inputIds.length);
      }),
    );
  });

  test('is left alone when the verdict is about another pack', () => {
    const [pack] = fc.sample(packs, 1);
    const other = [{ packIndex: 4, crashing: [10], tokenLimit: 8, detail: '' }];
    expect(applyVerdict(pack!, other, HARMLESS)).toEqual({ ...pack, rejections: [] });
  });
});
