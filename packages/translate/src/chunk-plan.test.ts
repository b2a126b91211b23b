import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { CHUNK_LENGTHS, planChunks } from './chunk-plan.ts';

function ranges(recordLength: number, chunkLength: number): [start: number, end: number][] {
  const { count, start, end } = planChunks(recordLength, chunkLength);
  return Array.from({ length: count }, (_, index) => [start(index), end(index)]);
}

describe('the chunks of a record', () => {
  test.each([
    [0, 300, ''],
    [1, 300, '0-1'],
    [300, 300, '0-300'],
    // The rest of the surplus finds no border: the last chunk is short.
    [301, 300, '0-300 150-301'],
    [900, 300, '0-300 300-600 600-900'],
    [901, 300, '0-300 225-525 450-750 675-901'],
  ])('%d bases in chunks of %d', (recordLength, chunkLength, expected) => {
    const found = ranges(recordLength, chunkLength).map(([start, end]) => `${start}-${end}`);
    expect(found.join(' ')).toBe(expected);
  });

  test('cover the record without a gap, each new, none too long, as few as possible', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), fc.constantFrom(...CHUNK_LENGTHS), (length, chunk) => {
        const chunks = ranges(length, chunk);
        expect(chunks).toHaveLength(Math.ceil(length / chunk));
        expect(chunks[0]?.[0]).toBe(0);
        expect(chunks.at(-1)?.[1]).toBe(length);
        for (const [index, [start, end]] of chunks.entries()) {
          expect(end - start).toBeGreaterThan(0);
          expect(end - start).toBeLessThanOrEqual(chunk);
          if (index < chunks.length - 1) expect(end - start).toBe(chunk);
          if (index === 0) continue;
          const [previousStart, previousEnd] = chunks[index - 1]!;
          expect(start).toBeLessThanOrEqual(previousEnd);
          expect(start).toBeGreaterThan(previousStart);
        }
      }),
    );
  });
});
