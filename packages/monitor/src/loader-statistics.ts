import type { DataLoaderMetrics, QueueState } from './queue-state.ts';
import { WaitHistogram } from './wait-histogram.ts';

/** Fill of a full pack under which something is wrong; under the warning it deserves a look. */
export const PACKING_ERROR_BELOW = 0.8;
export const PACKING_WARNING_BELOW = 0.85;

/** Sums over all batches so far. Efficiencies are shares of the token budget, null when none was recorded. */
export interface DataLoaderStatistics {
  readonly averageWaitTimeMs: number;
  readonly maxWaitTimeMs: number;
  readonly minWaitTimeMs: number;
  readonly p95WaitTimeMs: number;
  /** Batches by inferred queue state. */
  readonly queueStateDistribution: Readonly<Record<QueueState, number>>;
  /** 0 … 100, of all batches. */
  readonly percentStarved: number;
  /** Tokens per sequence over all sequences. */
  readonly averageSequenceLength: number;
  /** Mean over batches of the longest sequence, tokens. */
  readonly averageMaxLength: number;
  /** All tokens / all budgets: what the device saw. */
  readonly packingEfficiency: number | null;
  /** Mean over batches. */
  readonly averagePackingEfficiency: number | null;
  /** Of full packs: the last of a shard holds what is left and is not judged. */
  readonly minPackingEfficiency: number | null;
  /** Full packs under 80 %. */
  readonly batchesBelowThreshold: number;
  readonly totalBatches: number;
  readonly totalSequences: number;
  readonly totalTokens: number;
}

/** Before the first batch there is nothing to say. */
export type NoStatistics = Readonly<Record<string, never>>;

/** Adds batches up; fixed memory for any number of them. */
export class LoaderStatistics {
  readonly #waits = new WaitHistogram();
  readonly #states: Record<QueueState, number> = { full: 0, normal: 0, starved: 0, unknown: 0 };
  #batches = 0;
  #sequences = 0;
  #tokens = 0;
  #maxLengthSum = 0;
  #packedBatches = 0;
  #packedTokens = 0;
  #budgetTokens = 0;
  #efficiencySum = 0;
  #minEfficiency: number | null = null;
  #belowThreshold = 0;

  get totalBatches(): number {
    return this.#batches;
  }

  get totalSequences(): number {
    return this.#sequences;
  }

  get totalTokens(): number {
    return this.#tokens;
  }

  /** @param isLastOfShard the pack may be part-empty by nature */
  add(metrics: DataLoaderMetrics, isLastOfShard: boolean): void {
    this.#batches += 1;
    this.#sequences += metrics.sequencesInBatch;
    this.#tokens += metrics.tokensInBatch;
    this.#maxLengthSum += metrics.maxSequenceLength;
    this.#waits.record(metrics.waitTimeMs);
    this.#states[metrics.queueState] += 1;
    const { packingEfficiency, tokensInBatch } = metrics;
    if (packingEfficiency === undefined || !(packingEfficiency > 0)) return;
    this.#packedBatches += 1;
    this.#packedTokens += tokensInBatch;
    this.#budgetTokens += tokensInBatch / packingEfficiency;
    this.#efficiencySum += packingEfficiency;
    if (!isLastOfShard) this.#judge(packingEfficiency);
  }

  /** @returns {} before the first batch */
  summarise(): DataLoaderStatistics | NoStatistics {
    if (this.#batches === 0) return {};
    const waits = this.#waits.summary;
    return {
      averageWaitTimeMs: waits.averageMs,
      maxWaitTimeMs: waits.maxMs,
      minWaitTimeMs: waits.minMs,
      p95WaitTimeMs: this.#waits.percentileMs(95),
      queueStateDistribution: { ...this.#states },
      percentStarved: (100 * this.#states.starved) / this.#batches,
      averageSequenceLength: this.#sequences === 0 ? 0 : this.#tokens / this.#sequences,
      averageMaxLength: this.#maxLengthSum / this.#batches,
      ...this.#packing(),
      totalBatches: this.#batches,
      totalSequences: this.#sequences,
      totalTokens: this.#tokens,
    };
  }

  #packing() {
    const packed = this.#packedBatches > 0;
    return {
      packingEfficiency: packed ? this.#packedTokens / this.#budgetTokens : null,
      averagePackingEfficiency: packed ? this.#efficiencySum / this.#packedBatches : null,
      minPackingEfficiency: this.#minEfficiency,
      batchesBelowThreshold: this.#belowThreshold,
    };
  }

  #judge(efficiency: number): void {
    this.#minEfficiency = Math.min(efficiency, this.#minEfficiency ?? efficiency);
    if (efficiency < PACKING_ERROR_BELOW) this.#belowThreshold += 1;
  }
}
