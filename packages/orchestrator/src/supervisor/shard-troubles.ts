import type { PackVerdict } from '@virnucpro/protocol';

import { PackSearch } from './pack-search.ts';

/** How a shard is to be computed next. */
export type Approach =
  | { readonly kind: 'plain' }
  /** One pack at a time, each announced: the one that crashes is known then. */
  | { readonly kind: 'cautious' }
  | { readonly kind: 'probe'; readonly packIndex: number; readonly recordIndices: readonly number[] };

/** Whom a crash is put down to, and what follows. */
export type Blame =
  /** It may be the device: back-off, and in the end it is given up. */
  | { readonly on: 'unknown' }
  /** The device did nothing wrong: its worker starts again at once. */
  | { readonly on: 'pack' }
  /** The search found the records that crash. */
  | { readonly on: 'records'; readonly packIndex: number; readonly records: readonly number[] }
  /** Everything crashes, whatever is left out: no record is to blame. */
  | { readonly on: 'everything' };

export interface StartedPack {
  readonly packIndex: number;
  /** By position in the shard. */
  readonly recordIndices: readonly number[];
  readonly numTokens: number;
}

interface Trouble {
  /** Workers that ended at the shard with no pack finished in between. */
  failures: number;
  /** How the last of them ended. */
  detail: string;
  started: StartedPack | null;
  search: { readonly pack: StartedPack; readonly steps: PackSearch } | null;
  /** Crashes of a pack that its search, or its verdict, does not explain. */
  readonly unexplained: Map<number, number>;
  readonly verdicts: Map<number, PackVerdict>;
}

/** Any worker may be killed once from outside; the second time the shard is watched. */
const FAILURES_BEFORE_CAUTION = 2;
/** Crashes of a whole pack, though each of its parts was well, after which it counts as too much at once. */
const CRASHES_OF_THE_WHOLE = 3;
/** Below this many tokens at once no pack is too large for a device: something else is wrong. */
const SMALLEST_TOKEN_LIMIT = 64;

/**
 * Finds out, shard by shard, what ends workers. Pure: crashes and successes in, the next step out.
 *
 *   plain --2 crashes--> cautious --crash in an announced pack--> bisection --> verdict, computed cautiously
 *
 * Records are rejected only when they crash alone, twice, and their pack computes with stand-ins in their place: that is
 * the proof that the device is well. A pack is computed in parts only when it has crashed three times as a whole while
 * its parts were well. Kills from outside change nothing, unless so many in a row hit exactly these moments.
 */
export class ShardTroubles {
  readonly #troubles = new Map<number, Trouble>();

  approach(shardId: number): Approach {
    const trouble = this.#troubles.get(shardId);
    if (trouble === undefined) return { kind: 'plain' };
    const { search, failures } = trouble;
    const recordIndices = search?.steps.probe ?? null;
    if (search !== null && recordIndices !== null) {
      return { kind: 'probe', packIndex: search.pack.packIndex, recordIndices };
    }
    return { kind: failures >= FAILURES_BEFORE_CAUTION ? 'cautious' : 'plain' };
  }

  verdicts(shardId: number): readonly PackVerdict[] {
    return [...(this.#troubles.get(shardId)?.verdicts.values() ?? [])];
  }

  /** A pack of a cautious shard is computed now; those before it are done. */
  packStarted(shardId: number, pack: StartedPack): void {
    this.#troubleOf(shardId).started = pack;
  }

  /** Something of the shard was computed. */
  progressed(shardId: number): void {
    const trouble = this.#troubles.get(shardId);
    // Once watched, a shard is watched to its end.
    if (trouble !== undefined && trouble.failures < FAILURES_BEFORE_CAUTION) trouble.failures = 0;
  }

  completed(shardId: number): void {
    this.#troubles.delete(shardId);
  }

  /** A probe came to its end. */
  survived(shardId: number): Blame {
    const trouble = this.#troubleOf(shardId);
    trouble.search?.steps.survived();
    return this.#conclude(trouble);
  }

  /** A worker ended while this shard was its first. @param detail what it said, or how it ended */
  crashed(shardId: number, detail: string): Blame {
    const trouble = this.#troubleOf(shardId);
    trouble.failures += 1;
    trouble.detail = detail;
    if (trouble.search !== null) {
      trouble.search.steps.crashed();
      return this.#conclude(trouble);
    }
    const { started } = trouble;
    trouble.started = null;
    if (started === null) return { on: 'unknown' };
    if (this.#isTooMuch(trouble, started)) return this.#lowerLimit(trouble, started);
    // A pack with a verdict is not searched again: its bad records are known, and stand-ins are in their place.
    if (trouble.verdicts.has(started.packIndex)) return { on: 'pack' };
    trouble.search = { pack: started, steps: new PackSearch(started.recordIndices) };
    return this.#conclude(trouble);
  }

  /** Counts a crash of the pack as a whole; so many cannot all come from outside. */
  #isTooMuch({ unexplained }: Trouble, { packIndex }: StartedPack): boolean {
    const crashes = (unexplained.get(packIndex) ?? 0) + 1;
    unexplained.set(packIndex, crashes % CRASHES_OF_THE_WHOLE);
    return crashes === CRASHES_OF_THE_WHOLE;
  }

  #conclude(trouble: Trouble): Blame {
    const { search } = trouble;
    if (search?.steps.probe !== null) return { on: 'pack' };
    const { pack, steps } = search;
    trouble.search = null;
    const { crashing } = steps.result;
    const { packIndex } = pack;
    if (crashing.length === 0) return { on: 'pack' };
    trouble.unexplained.delete(packIndex);
    trouble.verdicts.set(packIndex, {
      packIndex,
      crashing: [...crashing],
      tokenLimit: null,
      detail: trouble.detail,
    });
    return { on: 'records', packIndex, records: crashing };
  }

  /**
   * The pack crashes also without what is known to crash: it is too much at once, as a machine short of memory says
   * it; or, when even little is too much, neither pack nor records are to blame, and nothing is rejected.
   */
  #lowerLimit(trouble: Trouble, { packIndex, numTokens }: StartedPack): Blame {
    const earlier = trouble.verdicts.get(packIndex);
    const tokenLimit = Math.ceil((earlier?.tokenLimit ?? numTokens) / 2);
    if (tokenLimit < SMALLEST_TOKEN_LIMIT) return { on: 'everything' };
    trouble.verdicts.set(packIndex, {
      packIndex,
      crashing: [],
      detail: trouble.detail,
      ...earlier,
      tokenLimit,
    });
    return { on: 'pack' };
  }

  #troubleOf(shardId: number): Trouble {
    const known = this.#troubles.get(shardId);
    if (known !== undefined) return known;
    const trouble: Trouble = {
      failures: 0,
      detail: '',
      started: null,
      search: null,
      unexplained: new Map(),
      verdicts: new Map(),
    };
    this.#troubles.set(shardId, trouble);
    return trouble;
  }
}
