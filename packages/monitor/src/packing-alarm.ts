import { PACKING_ERROR_BELOW, PACKING_WARNING_BELOW } from './loader-statistics.ts';
import type { MonitorLogger } from './monitor-logger.ts';
import { percentText } from './percent-text.ts';
import type { DataLoaderMetrics } from './queue-state.ts';

/** Packs between two lines of one kind: a run of millions of packs must not bury the log. */
const QUIET_PACKS = 100;

type Tier = 'warn' | 'error';

/** Says when full packs are not full: a warning under 85 %, an error under 80 %, with advice that fits the cause. */
export class PackingAlarm {
  readonly #logger: MonitorLogger;
  readonly #tiers: Record<Tier, { packsBefore: number; quietUntil: number }> = {
    warn: { packsBefore: 0, quietUntil: 0 },
    error: { packsBefore: 0, quietUntil: 0 },
  };
  #packs = 0;

  constructor(logger: MonitorLogger) {
    this.#logger = logger;
  }

  /** Judges one full pack: the caller leaves out the last pack of a shard. */
  check(metrics: DataLoaderMetrics): void {
    this.#packs += 1;
    const { packingEfficiency } = metrics;
    if (packingEfficiency === undefined || packingEfficiency >= PACKING_WARNING_BELOW) return;
    this.#raise(packingEfficiency < PACKING_ERROR_BELOW ? 'error' : 'warn', metrics, packingEfficiency);
  }

  #raise(tier: Tier, metrics: DataLoaderMetrics, efficiency: number): void {
    const state = this.#tiers[tier];
    if (this.#packs <= state.quietUntil) {
      state.packsBefore += 1;
      return;
    }
    const others = state.packsBefore === 0 ? '' : ` (and ${state.packsBefore} packs before it)`;
    const limit = tier === 'error' ? PACKING_ERROR_BELOW : PACKING_WARNING_BELOW;
    this.#logger[tier](
      `Packing efficiency ${percentText(efficiency)} in batch ${metrics.batchIndex}${others} is under ` +
        `${(limit * 100).toFixed(0)} %: ${advice(metrics, efficiency, tier)}`,
    );
    state.packsBefore = 0;
    state.quietUntil = this.#packs + QUIET_PACKS;
  }
}

function advice(metrics: DataLoaderMetrics, efficiency: number, tier: Tier): string {
  const tokenBudget = Math.round(metrics.tokensInBatch / efficiency);
  if (metrics.averageSequenceLength > tokenBudget / 4) {
    return (
      `sequences of ${Math.round(metrics.averageSequenceLength)} tokens are long for a budget of ${tokenBudget}; ` +
      'raise --token-budget if the device has the memory'
    );
  }
  return tier === 'error'
    ? 'packing may be broken or buffer too small'
    : 'more sequences packed together (a larger buffer or shard) would fill packs better';
}
