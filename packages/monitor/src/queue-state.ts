/** How full the queue of packs before the device was, judged by how long the device waited. */
export type QueueState = 'full' | 'normal' | 'starved' | 'unknown';

/** A wait under this means that a pack was ready (ms). */
export const FULL_BELOW_MS = 1;
/** A wait over this means that the queue was empty and the loader behind (ms). */
export const STARVED_ABOVE_MS = 50;

/**
 * Infers the state of the queue from the wait for one pack; beside it stands the real depth, where it is known.
 *
 * @param waitMs time between asking for a pack and having it
 * @returns full under 1 ms, starved over 50 ms, normal between; unknown for what is no duration (negative, NaN)
 */
export function inferQueueState(waitMs: number): QueueState {
  if (!(waitMs >= 0)) return 'unknown';
  if (waitMs < FULL_BELOW_MS) return 'full';
  return waitMs > STARVED_ABOVE_MS ? 'starved' : 'normal';
}

/** What was seen when the device fetched one pack. */
export interface DataLoaderMetrics {
  /** Of the monitor's clock, ms. */
  readonly timestamp: number;
  /** Time that the device waited for this pack, measured around the fetch and not around the computing. */
  readonly waitTimeMs: number;
  readonly batchIndex: number;
  readonly sequencesInBatch: number;
  /** BOS and EOS included. */
  readonly tokensInBatch: number;
  /** Tokens per sequence; 0 for no sequences. */
  readonly averageSequenceLength: number;
  /** Tokens of the longest sequence. */
  readonly maxSequenceLength: number;
  /** Tokens / token budget; missing when sequences are not packed. */
  readonly packingEfficiency?: number;
  /** Inferred from the wait. */
  readonly queueState: QueueState;
  /** Packs that really stood in the queue; null when that was not measured. */
  readonly queueDepth: number | null;
}
