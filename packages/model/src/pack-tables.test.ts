import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { packTables, POOL_CHUNK_TOKENS } from './pack-tables.ts';

/** BOS, at least one residue, EOS. */
const lengths = fc.array(fc.integer({ min: 3, max: 200 }), { minLength: 1, maxLength: 40 });

function boundariesOf(tokens: readonly number[]): Int32Array {
  return Int32Array.from(tokens.reduce((starts, length) => [...starts, starts.at(-1)! + length], [0]));
}

test('token offsets are the places of the padded layout, each once: tokens in order, then padding', () => {
  fc.assert(
    fc.property(lengths, (tokens) => {
      const { tokenOffset, longest } = packTables(boundariesOf(tokens));
      expect(longest).toBe(Math.max(...tokens));
      const places = tokens.flatMap((count, sequence) =>
        Array.from({ length: longest }, (_, place) => ({
          at: sequence * longest + place,
          real: place < count,
        })),
      );
      expect([...tokenOffset]).toEqual(
        [true, false].flatMap((wanted) => places.filter(({ real }) => real === wanted).map(({ at }) => at)),
      );
    }),
  );
});

test('chunks hold each residue once, in order, those of a sequence together, and neither BOS nor EOS', () => {
  fc.assert(
    fc.property(lengths, (tokens) => {
      const cuSeqlens = boundariesOf(tokens);
      const { poolTokens, poolChunks, mostChunks } = packTables(cuSeqlens);
      tokens.forEach((count, sequence) => {
        const chunks = [...poolChunks.subarray(sequence * mostChunks, (sequence + 1) * mostChunks)];
        const residues = chunks
          .filter((chunk) => chunk >= 0)
          .flatMap((chunk) => [
            ...poolTokens.subarray(chunk * POOL_CHUNK_TOKENS, (chunk + 1) * POOL_CHUNK_TOKENS),
          ])
          .filter((token) => token >= 0);
        const first = cuSeqlens[sequence]! + 1;
        expect(residues).toEqual(Array.from({ length: count - 2 }, (_, residue) => first + residue));
      });
    }),
  );
});
