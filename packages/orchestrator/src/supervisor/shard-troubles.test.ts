import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ShardTroubles, type Blame, type StartedPack } from './shard-troubles.ts';

const SHARD = 4;
const pack = (packIndex: number, records: number, numTokens = 1000): StartedPack => ({
  packIndex,
  recordIndices: Array.from({ length: records }, (_, index) => 100 * packIndex + index),
  numTokens,
});

/** Computes the packs of a shard as a worker would, until all are done or the shard is given up. */
function compute(
  troubles: ShardTroubles,
  packs: readonly StartedPack[],
  crashes: (records: readonly number[], tokens: number) => boolean,
): { readonly end: 'done' | 'given up'; readonly crashes: number } {
  const done = new Set<number>();
  let seen = 0;
  const crash = (): Blame => {
    seen += 1;
    return troubles.crashed(SHARD, 'SIGSEGV');
  };
  while (done.size < packs.length && seen < 1000) {
    let blame: Blame = { on: 'unknown' };
    const approach = troubles.approach(SHARD);
    if (approach.kind === 'probe') {
      blame = crashes(approach.recordIndices, 0) ? crash() : troubles.survived(SHARD);
    } else {
      for (const next of packs.filter(({ packIndex }) => !done.has(packIndex))) {
        if (approach.kind === 'cautious') troubles.packStarted(SHARD, next);
        const verdict = troubles.verdicts(SHARD).find(({ packIndex }) => packIndex === next.packIndex);
        const computed = next.recordIndices.filter(
          (record) => !(verdict?.crashing.includes(record) ?? false),
        );
        if (crashes(computed, Math.min(next.numTokens, verdict?.tokenLimit ?? next.numTokens))) {
          blame = crash();
          break;
        }
        done.add(next.packIndex);
        troubles.progressed(SHARD);
      }
    }
    if (blame.on === 'everything') return { end: 'given up', crashes: seen };
  }
  return { end: 'done', crashes: seen };
}

describe('a shard that ends workers', () => {
  test('loses exactly the records that crash, over all its packs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 20 }), { minLength: 1, maxLength: 5 }),
        fc.nat(),
        (sizes, seed) => {
          const packs = sizes.map((size, index) => pack(index, size));
          // At least one record of each pack is well.
          const poison = packs.flatMap(({ recordIndices }) =>
            recordIndices.slice(1).filter((r) => (r * 7 + seed) % 5 === 0),
          );
          const troubles = new ShardTroubles();
          const { end } = compute(troubles, packs, (records) =>
            records.some((record) => poison.includes(record)),
          );
          expect(end).toBe('done');
          const rejected = troubles.verdicts(SHARD).flatMap(({ crashing }) => crashing);
          expect(rejected.toSorted((a, b) => a - b)).toEqual(poison);
        },
      ),
    );
  });

  test('is not changed by fewer than five kills from outside, whenever they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 30 }).filter((kills) => kills.filter(Boolean).length < 5),
        fc.constantFrom(1, 2, 8),
        (kills, size) => {
          const troubles = new ShardTroubles();
          let call = 0;
          const { end } = compute(troubles, [pack(0, size), pack(1, size)], () => kills[call++] ?? false);
          expect(end).toBe('done');
          expect(troubles.verdicts(SHARD)).toEqual([]);
        },
      ),
    );
  });

  test('is computed in smaller parts when only the whole is too much', () => {
    const troubles = new ShardTroubles();
    const { end } = compute(troubles, [pack(0, 16, 4096)], (_, tokens) => tokens > 1024);
    expect(end).toBe('done');
    expect(troubles.verdicts(SHARD)).toMatchObject([{ crashing: [], tokenLimit: 1024 }]);
  });

  test('is given up, not rejected, when everything crashes', () => {
    const troubles = new ShardTroubles();
    expect(compute(troubles, [pack(0, 16)], () => true).end).toBe('given up');
  });

  test('loses all its records when they crash and stand-ins do not', () => {
    const troubles = new ShardTroubles();
    const packs = [pack(0, 1), pack(1, 3), pack(2, 1)];
    expect(compute(troubles, packs, (records) => records.length > 0).end).toBe('done');
    expect(troubles.verdicts(SHARD).flatMap(({ crashing }) => crashing)).toHaveLength(5);
  });
});
