import type { MetricsDelta } from '@virnucpro/protocol';

import {
  addCounts,
  countOne,
  emptyCounts,
  FILL_BUCKETS,
  LENGTH_BUCKETS,
  WAIT_BUCKETS,
} from './histograms.ts';
import { inferQueueState } from './queue-state.ts';

/** One computed pack. */
export interface BatchMeasurement {
  readonly sequences: number;
  /** BOS and EOS included. */
  readonly tokens: number;
  /** Tokens of the longest sequence. */
  readonly maxSequenceLength: number;
  /** Tokens that a pack may hold. */
  readonly tokenBudget: number;
  /** Sequences and tokens that were not computed, because they are the same as some of the pack. */
  readonly copiedSequences?: number;
  readonly copiedTokens?: number;
  /** Of its sequences, as `lengthCounts` counts them. */
  readonly lengthCounts?: readonly number[];
  /** Time that the device waited for the pack, measured around its fetch. */
  readonly waitMs: number;
  /** Time that the device spent computing it. */
  readonly busyMs: number;
}

/** All zeros: what the sums start from. */
export const NO_METRICS: MetricsDelta = {
  packs: 0,
  sequences: 0,
  tokens: 0,
  paddedTokens: 0,
  budgetTokens: 0,
  waitMs: 0,
  busyMs: 0,
  writeWaitMs: 0,
  starvedPacks: 0,
  copiedSequences: 0,
  copiedTokens: 0,
  waitCounts: emptyCounts(WAIT_BUCKETS),
  fillCounts: emptyCounts(FILL_BUCKETS),
  lengthCounts: emptyCounts(LENGTH_BUCKETS),
};

/** Field by field. */
export function addMetrics(one: MetricsDelta, other: MetricsDelta): MetricsDelta {
  return {
    packs: one.packs + other.packs,
    sequences: one.sequences + other.sequences,
    tokens: one.tokens + other.tokens,
    paddedTokens: one.paddedTokens + other.paddedTokens,
    budgetTokens: one.budgetTokens + other.budgetTokens,
    waitMs: one.waitMs + other.waitMs,
    busyMs: one.busyMs + other.busyMs,
    writeWaitMs: one.writeWaitMs + other.writeWaitMs,
    starvedPacks: one.starvedPacks + other.starvedPacks,
    copiedSequences: one.copiedSequences + other.copiedSequences,
    copiedTokens: one.copiedTokens + other.copiedTokens,
    waitCounts: addCounts(one.waitCounts, other.waitCounts),
    fillCounts: addCounts(one.fillCounts, other.fillCounts),
    lengthCounts: addCounts(one.lengthCounts, other.lengthCounts),
  };
}

/** The worker's side: adds packs up between two messages to the parent. */
export class MetricsAccumulator {
  #sums: MetricsDelta = NO_METRICS;

  add(batch: BatchMeasurement): void {
    this.#sums = addMetrics(this.#sums, {
      packs: 1,
      sequences: batch.sequences,
      tokens: batch.tokens,
      paddedTokens: batch.sequences * batch.maxSequenceLength,
      // A sequence over the budget runs alone and fills its pack.
      budgetTokens: Math.max(batch.tokenBudget, batch.tokens),
      waitMs: Math.max(0, batch.waitMs),
      busyMs: Math.max(0, batch.busyMs),
      writeWaitMs: 0,
      copiedSequences: batch.copiedSequences ?? 0,
      copiedTokens: batch.copiedTokens ?? 0,
      waitCounts: countOne(WAIT_BUCKETS, batch.waitMs),
      fillCounts: countOne(FILL_BUCKETS, (100 * batch.tokens) / batch.tokenBudget),
      lengthCounts: [...(batch.lengthCounts ?? emptyCounts(LENGTH_BUCKETS))],
      starvedPacks: inferQueueState(batch.waitMs) === 'starved' ? 1 : 0,
    });
  }

  /** The next pack was not taken for this long, because rows of earlier ones were still being written. */
  addWriteWait(waitMs: number): void {
    this.#sums = { ...this.#sums, writeWaitMs: this.#sums.writeWaitMs + Math.max(0, waitMs) };
  }

  /** @returns the sums since the last call; each pack is in exactly one of them */
  takeDelta(): MetricsDelta {
    const delta = this.#sums;
    this.#sums = NO_METRICS;
    return delta;
  }
}
