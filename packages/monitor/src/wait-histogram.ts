// Not the library's index: that loads writers of text, and with them Intl (ADR 0011).
import { constructorFromBucketSize } from 'hdr-histogram-js/dist/JsHistogramFactory.js';

const Histogram = constructorFromBucketSize(32);

const MICROSECONDS_PER_MS = 1000;
/** Longer waits count as an hour in the percentiles; average and maximum stay exact. */
const LONGEST_MICROSECONDS = 3600 * 1e6;
const SIGNIFICANT_DIGITS = 3;

export interface WaitSummary {
  readonly count: number;
  readonly averageMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Durations of any number of waits in fixed memory (100 kB). Count, average, minimum and maximum are exact,
 * percentiles to three digits and 1 microsecond.
 */
export class WaitHistogram {
  readonly #histogram = new Histogram(1, LONGEST_MICROSECONDS, SIGNIFICANT_DIGITS);
  #count = 0;
  #sumMs = 0;
  #minMs = Infinity;
  #maxMs = 0;

  /** @param waitMs not negative; what is no duration is left out */
  record(waitMs: number): void {
    if (!(waitMs >= 0) || !Number.isFinite(waitMs)) return;
    this.#count += 1;
    this.#sumMs += waitMs;
    this.#minMs = Math.min(this.#minMs, waitMs);
    this.#maxMs = Math.max(this.#maxMs, waitMs);
    this.#histogram.recordValue(Math.min(LONGEST_MICROSECONDS, Math.round(waitMs * MICROSECONDS_PER_MS)));
  }

  /** @returns zeros before the first wait */
  get summary(): WaitSummary {
    if (this.#count === 0) return { count: 0, averageMs: 0, minMs: 0, maxMs: 0 };
    return {
      count: this.#count,
      averageMs: this.#sumMs / this.#count,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
    };
  }

  /** @returns the wait that this share of all waits (0 … 100 percent) did not exceed, ms; 0 before the first */
  percentileMs(percent: number): number {
    if (this.#count === 0) return 0;
    const valueMs = this.#histogram.getValueAtPercentile(percent) / MICROSECONDS_PER_MS;
    return Math.min(this.#maxMs, Math.max(this.#minMs, valueMs));
  }
}
