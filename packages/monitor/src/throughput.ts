import { perSecond } from './rate.ts';

const BUCKET_MS = 1000;
const BUCKETS = 60;
const WINDOW_SECONDS = 10;
const LEAST_WINDOWS = 3;

export interface ThroughputSnapshot {
  readonly elapsedMs: number;
  readonly totalTokens: number;
  readonly totalSequences: number;
  /** Over the last minute (or since the start, if that is less). */
  readonly tokensPerSecond: number;
  readonly sequencesPerSecond: number;
  /** Since the start. */
  readonly averageTokensPerSecond: number;
  readonly averageSequencesPerSecond: number;
  /** For the remaining tokens, at the rate of the last minute; null when either is unknown or nothing moves. */
  readonly etaSeconds: number | null;
  /** The same at the rate of the last minute plus and minus its spread from ten seconds to ten; null while too young. */
  readonly etaBandSeconds: readonly [least: number, most: number] | null;
}

interface Bucket {
  second: number;
  tokens: number;
  sequences: number;
}

/** Tokens and sequences done, since the start and over the last minute; fixed memory. */
export class Throughput {
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  readonly #buckets: Bucket[] = Array.from({ length: BUCKETS }, () => ({
    second: -1,
    tokens: 0,
    sequences: 0,
  }));
  #tokens = 0;
  #sequences = 0;

  /** Starts counting time. @param nowMs monotonic clock, ms */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  add({ tokens, sequences }: { readonly tokens: number; readonly sequences: number }): void {
    this.#tokens += tokens;
    this.#sequences += sequences;
    const second = this.#second();
    const bucket = this.#buckets[second % BUCKETS];
    if (bucket === undefined) return;
    if (bucket.second !== second) Object.assign(bucket, { second, tokens: 0, sequences: 0 });
    bucket.tokens += tokens;
    bucket.sequences += sequences;
  }

  /** @param remainingTokens what is left to do; null when that is not known */
  snapshot(remainingTokens: number | null): ThroughputSnapshot {
    const elapsedMs = this.#nowMs() - this.#startedMs;
    const recent = this.#lastMinute(elapsedMs);
    const tokensPerSecond = perSecond(recent.tokens, recent.spanMs);
    return {
      elapsedMs,
      totalTokens: this.#tokens,
      totalSequences: this.#sequences,
      tokensPerSecond,
      sequencesPerSecond: perSecond(recent.sequences, recent.spanMs),
      averageTokensPerSecond: perSecond(this.#tokens, elapsedMs),
      averageSequencesPerSecond: perSecond(this.#sequences, elapsedMs),
      etaSeconds:
        remainingTokens === null || tokensPerSecond === 0 ? null : remainingTokens / tokensPerSecond,
      etaBandSeconds: remainingTokens === null ? null : this.#etaBand(remainingTokens, tokensPerSecond),
    };
  }

  #lastMinute(elapsedMs: number): { tokens: number; sequences: number; spanMs: number } {
    const oldest = Math.max(0, this.#second() - BUCKETS + 1);
    let tokens = 0;
    let sequences = 0;
    for (const bucket of this.#buckets) {
      if (bucket.second < oldest) continue;
      tokens += bucket.tokens;
      sequences += bucket.sequences;
    }
    return { tokens, sequences, spanMs: elapsedMs - oldest * BUCKET_MS };
  }

  #etaBand(remainingTokens: number, tokensPerSecond: number): readonly [number, number] | null {
    const rates = this.#ratesOfWindows();
    if (rates.length < LEAST_WINDOWS) return null;
    const variance = rates.reduce((sum, rate) => sum + (rate - tokensPerSecond) ** 2, 0) / (rates.length - 1);
    // The mean of n windows varies by the square root of n less than one of them.
    const spread = Math.sqrt(variance / rates.length);
    if (spread >= tokensPerSecond) return null;
    return [remainingTokens / (tokensPerSecond + spread), remainingTokens / (tokensPerSecond - spread)];
  }

  /** Tokens per second of the last whole windows of ten seconds, without the second that goes on. */
  #ratesOfWindows(): number[] {
    const rates: number[] = [];
    const now = this.#second();
    for (
      let end = now;
      end >= WINDOW_SECONDS && now - end < BUCKETS - WINDOW_SECONDS;
      end -= WINDOW_SECONDS
    ) {
      let tokens = 0;
      for (const bucket of this.#buckets)
        if (bucket.second >= end - WINDOW_SECONDS && bucket.second < end) tokens += bucket.tokens;
      rates.push(tokens / WINDOW_SECONDS);
    }
    return rates;
  }

  #second(): number {
    return Math.floor((this.#nowMs() - this.#startedMs) / BUCKET_MS);
  }
}
