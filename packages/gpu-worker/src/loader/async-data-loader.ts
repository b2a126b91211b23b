import { lengthCounts } from '@virnucpro/monitor/worker';
import type { LeaseId, PackVerdict, Shard } from '@virnucpro/protocol';

import { countCopies, type CopyCounts } from '../collate/unique-sequences.ts';
import { applyVerdict, type JudgedPack } from '../collate/apply-verdict.ts';
import type { LoadedShard } from './load-shard.ts';
import type { ShardLoader } from './shard-loader.ts';

/** The right and the duty to compute one shard. */
export interface Assignment {
  readonly leaseId: LeaseId;
  readonly attempt: number;
  readonly shard: Shard;
  /** Each pack is computed alone, and announced before. */
  readonly cautious: boolean;
  /** Packs that are computed otherwise than planned. */
  readonly verdicts: readonly PackVerdict[];
}

/** One pack of one assigned shard. */
export interface ShardPack extends JudgedPack, CopyCounts {
  readonly assignment: Assignment;
  /** By record of the shard: those with the same residues, which get its row too. */
  readonly copies: ReadonlyMap<number, readonly number[]>;
  /** Its sequences by length, for the report. */
  readonly lengthCounts: readonly number[];
}

export interface AsyncDataLoaderOptions {
  readonly shardLoader: Pick<ShardLoader, 'load'>;
  /** Shards that may be loading or loaded ahead of the one being computed, at this moment; bounds memory. */
  readonly prefetchDepth: { readonly shards: number };
  /**
   * Called with each loaded shard, in order, before its packs are handed out.
   * @returns the packs that need no computing, because an earlier attempt left them in the log
   */
  readonly onShardLoaded: (assignment: Assignment, loaded: LoadedShard) => Promise<ReadonlySet<number>>;
  /** Called before each pack is handed out, which waits for it. */
  readonly onPackDue: (pack: ShardPack) => Promise<void>;
}

/**
 * Assigned shards in, packs out: shards load on CPU threads while packs of earlier ones compute, at most
 * `prefetchDepth` ahead. Ends after `close`, when every pack was handed out; nothing is lost at the end of data.
 */
export interface AsyncDataLoader extends AsyncIterable<ShardPack> {
  assign(assignment: Assignment): void;
  /** No assignments will follow. */
  close(): void;
}

interface Loading {
  readonly assignment: Assignment;
  readonly loaded: Promise<LoadedShard>;
}

export function createAsyncDataLoader(options: AsyncDataLoaderOptions): AsyncDataLoader {
  const waiting: Assignment[] = [];
  const loading: Loading[] = [];
  let closed = false;
  let wake: () => void = () => undefined;

  function prefetch(): void {
    while (waiting.length > 0 && loading.length < options.prefetchDepth.shards) {
      const assignment = waiting.shift() as Assignment;
      const loaded = options.shardLoader.load(assignment.shard);
      // The error surfaces when its turn comes; until then it is not an unhandled one.
      loaded.catch(() => undefined);
      loading.push({ assignment, loaded });
    }
  }

  async function nextLoading(): Promise<Loading | null> {
    for (;;) {
      prefetch();
      const next = loading.shift();
      if (next !== undefined) return next;
      if (closed) return null;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  async function* packs(): AsyncGenerator<ShardPack> {
    for (let next = await nextLoading(); next !== null; next = await nextLoading()) {
      prefetch();
      const { assignment } = next;
      const loaded = await next.loaded;
      const finished = await options.onShardLoaded(assignment, loaded);
      for (const planned of loaded.packs) {
        if (finished.has(planned.packIndex)) continue;
        const judged = applyVerdict(planned, assignment.verdicts, loaded.harmlessToken);
        const { copies } = loaded;
        const pack = {
          ...judged,
          ...countCopies(planned, copies),
          copies,
          lengthCounts: lengthCounts(planned.cuSeqlens),
          assignment,
        };
        await options.onPackDue(pack);
        yield pack;
      }
    }
  }

  return {
    assign: (assignment) => {
      waiting.push(assignment);
      prefetch();
      wake();
    },
    close: () => {
      closed = true;
      wake();
    },
    [Symbol.asyncIterator]: packs,
  };
}
