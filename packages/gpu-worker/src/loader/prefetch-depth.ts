export interface PrefetchLimits {
  /** Shards loading or loaded ahead of the one computed, at least and at most. */
  readonly least: number;
  readonly most: number;
}

/** The device waited noticeably: a twentieth of the time that the pack took, and more than a turn of a thread. */
const STARVED_SHARE = 0.05;
const STARVED_MS = 2;
/** Shards in a row without a starved pack after which one is held less. */
const CALM_SHARDS = 8;

/**
 * How many shards a worker loads ahead. One is enough where reading is fast; where the device waits (a slow file
 * system, tiny shards), more are loaded at once, until it does not; and fewer again when it has not waited for a
 * while, because loaded shards are memory. Pure.
 */
export class PrefetchDepth {
  readonly #limits: PrefetchLimits;
  #depth: number;
  #starved = false;
  #calmShards = 0;

  constructor(limits: PrefetchLimits) {
    this.#limits = limits;
    this.#depth = limits.least;
  }

  get shards(): number {
    return this.#depth;
  }

  /** A pack was computed for `busyMs`, after the device had waited `waitMs` for it. */
  observe(waitMs: number, busyMs: number): void {
    this.#starved ||= waitMs > STARVED_MS && waitMs > STARVED_SHARE * busyMs;
  }

  /** The packs of a shard are all computed: once per shard, so that one slow load counts once. */
  shardEnded(): void {
    if (this.#starved) {
      this.#depth = Math.min(this.#limits.most, this.#depth + 1);
      this.#calmShards = 0;
    } else if (++this.#calmShards >= CALM_SHARDS) {
      this.#depth = Math.max(this.#limits.least, this.#depth - 1);
      this.#calmShards = 0;
    }
    this.#starved = false;
  }
}

/** A loaded shard is about this large: a byte of id and eight of position per token, and its tables. */
const BYTES_PER_TOKEN = 12;

/** @param memoryBytes that loaded shards may take together */
export function prefetchLimits(shardTokens: number, memoryBytes: number): PrefetchLimits {
  const fitting = Math.floor(memoryBytes / (BYTES_PER_TOKEN * shardTokens));
  return { least: 1, most: Math.max(1, Math.min(8, fitting)) };
}
