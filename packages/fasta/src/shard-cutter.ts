import type { Shard } from '@virnucpro/protocol';
import { toShardId } from '@virnucpro/protocol/ids';

/** How large shards may be; borders depend on this and the input alone. */
export interface ShardPolicy {
  /** Tokens of a pack. */
  readonly tokenBudget: number;
  /** Tokens of a shard, at most (one record may be more). */
  readonly shardTokens: number;
  /** Bounds the memory that a shard of tiny or rejected records takes; of records that give several sequences each, theirs. */
  readonly maxRecordsPerShard: number;
  /** About how many tokens a byte of the input stands for; 1, as in protein FASTA, unless given. */
  readonly tokensPerByte?: number;
}

/** A shard whose bytes were not summed yet. */
export type ShardDraft = Omit<Shard, 'crc32'>;

/** Changes whenever other shards may be cut from the same input: the bytes of the output depend on them. */
export const SHARD_CUTTER_VERSION = 'ramped-guided-64-to-1';

/** Shards shrink towards the end of the run to this share of what is left, so that the tail is short. */
const SHARE_OF_REMAINDER = 1 / 64;

/**
 * Two packs hold more than each alone, because records can be chosen; but for the very last the end of the run
 * counts more, when devices wait for each other.
 */
const LAST_PACKS = 8;

/** Of short packs, as on a CPU, a shard holds more: a few proteins do not fill two packs of 512 tokens well. */
const LEAST_TOKENS = 4096;

/** The first shards are small too, each few a little larger: no device waits long for its first pack. */
const RAMP_PACKS = 2;
const RAMP_SHARDS = 4;

/**
 * Packs of best-fit decreasing are never quite full: a shard of exactly k budgets would need k + 1 packs, the
 * last nearly empty. So it is cut where k packs, filled this much, hold it. Measured with proteins and short
 * ORFs, budgets 4096 and 16384, k = 8 and 32: fill over all packs 0.976 to 0.998; with 1 instead, 0.964 to 0.994.
 */
const PACK_FILL = 0.998;

/** Records can be far longer than their tokens (truncated contigs); a loader holds a whole shard. */
const MAX_SHARD_BYTES = 64 * 1024 * 1024;

/**
 * Cuts the records of all files into shards. Pure and deterministic: records in, shards out.
 *
 * Every record is in exactly one shard, shards hold consecutive records of one file. A record that alone is
 * more than the target is a shard of its own.
 */
export class ShardCutter {
  readonly #policy: ShardPolicy;
  /** Bytes of the files that were not begun. */
  #laterBytes: number;
  #fileIndex = -1;
  #fileBytes = 0;
  #ordinal = 0;
  #shardCount = 0;
  #targetTokens = 0;
  /** Of the open shard. */
  #sequences = 0;
  #open: {
    byteStart: number;
    byteEnd: number;
    firstOrdinal: number;
    recordCount: number;
    tokens: number;
  } | null = null;

  /** @param runBytes of all files together */
  constructor(policy: ShardPolicy, runBytes: number) {
    this.#policy = policy;
    this.#laterBytes = runBytes;
  }

  beginFile(bytes: number): void {
    this.#fileIndex += 1;
    this.#fileBytes = bytes;
    this.#laterBytes -= bytes;
    this.#ordinal = 0;
  }

  /**
   * Takes the next record of the file, bytes [byteStart, byteEnd).
   *
   * @param sequences that it gives
   * @returns the shard that ends before this record, if one does
   */
  add(byteStart: number, byteEnd: number, tokens: number, sequences = 1): ShardDraft | null {
    const finished = this.#fits(byteEnd, tokens, sequences) ? null : this.endShard();
    if (this.#open === null) {
      this.#open = { byteStart, byteEnd, firstOrdinal: this.#ordinal, recordCount: 0, tokens: 0 };
      this.#sequences = 0;
      this.#targetTokens = this.#targetFrom(byteStart);
    }
    this.#open.byteEnd = byteEnd;
    this.#open.recordCount += 1;
    this.#open.tokens += tokens;
    this.#sequences += sequences;
    this.#ordinal += 1;
    return finished;
  }

  /** Ends the open shard, as the end of a file does; null when none is open. */
  endShard(): ShardDraft | null {
    if (this.#open === null) return null;
    const draft = { shardId: toShardId(this.#shardCount), fileIndex: this.#fileIndex, ...this.#open };
    this.#shardCount += 1;
    this.#open = null;
    return draft;
  }

  #fits(byteEnd: number, tokens: number, sequences: number): boolean {
    const open = this.#open;
    if (open === null) return true;
    return (
      open.tokens + tokens <= this.#targetTokens &&
      this.#sequences + sequences <= this.#policy.maxRecordsPerShard &&
      byteEnd - open.byteStart <= MAX_SHARD_BYTES
    );
  }

  /** Bytes that are left stand for tokens. */
  #targetFrom(byteStart: number): number {
    const { tokenBudget, shardTokens, tokensPerByte = 1 } = this.#policy;
    const remaining = (this.#laterBytes + this.#fileBytes - byteStart) * tokensPerByte;
    const ramp = (1 + Math.floor(this.#shardCount / RAMP_SHARDS)) * RAMP_PACKS * tokenBudget;
    const leastPacks = remaining > LAST_PACKS * tokenBudget ? 2 : 1;
    const least = Math.max(leastPacks * tokenBudget, LEAST_TOKENS);
    const wanted = Math.min(shardTokens, Math.max(least, Math.min(ramp, remaining * SHARE_OF_REMAINDER)));
    const packs = Math.max(1, Math.floor(wanted / tokenBudget));
    // What is no more than a pack fits into one.
    return packs === 1 ? tokenBudget : Math.floor(packs * tokenBudget * PACK_FILL);
  }
}
