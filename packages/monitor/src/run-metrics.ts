import type { MetricsDelta, Rank } from '@virnucpro/protocol';

import { NO_METRICS, addMetrics } from './metrics-accumulator.ts';
import { perSecond } from './rate.ts';

/** Sums with what follows from them; shares are 0 … 1 and null where there is nothing to divide by. */
export interface MetricsSummary extends MetricsDelta {
  /** Time during which a worker was there to compute; the sum over workers in the total. */
  readonly liveMs: number;
  /** Of it, the time since the last pack: at the end of a run, what a device waits for the others. */
  readonly tailMs: number;
  /** Tokens / token budgets: how full the packs were. */
  readonly tokenUtilization: number | null;
  /** Share of a padded batch that packing did not compute: 1 - tokens / (sequences x longest). */
  readonly paddingSavedShare: number | null;
  /** Time computing / time live. */
  readonly deviceBusyShare: number | null;
  /** Packs that the device waited for more than 50 ms / packs. */
  readonly starvedShare: number | null;
  /** Tokens and sequences per second of live time; in the total, of the time since the first worker began. */
  readonly tokensPerSecond: number;
  readonly sequencesPerSecond: number;
}

export interface WorkerMetrics extends MetricsSummary {
  readonly rank: Rank;
}

export interface RunMetricsSnapshot {
  readonly total: MetricsSummary;
  /** By rank; ranks keep their sums across respawns. */
  readonly workers: readonly WorkerMetrics[];
}

interface WorkerSums {
  metrics: MetricsDelta;
  /** Of lives that have ended. */
  pastLiveMs: number;
  liveSinceMs: number | null;
  /** When it last told of a pack, or of being ready. */
  lastPackMs: number;
  tailMs: number;
}

/** The parent's side: what all workers measured, per worker and together. */
export class RunMetrics {
  readonly #nowMs: () => number;
  readonly #workers = new Map<Rank, WorkerSums>();
  #firstStartMs: number | null = null;

  /** @param nowMs monotonic clock, ms */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The worker can compute from now on; also after a respawn. */
  workerReady(rank: Rank): void {
    this.#beginLife(rank, this.#nowMs());
  }

  /** The worker is gone: its live time stands still, its sums stay. */
  workerEnded(rank: Rank): void {
    const worker = this.#workers.get(rank);
    if (worker?.liveSinceMs == null) return;
    worker.pastLiveMs += this.#nowMs() - worker.liveSinceMs;
    worker.tailMs = this.#nowMs() - worker.lastPackMs;
    worker.liveSinceMs = null;
  }

  /** Adds what a worker sent; a worker never announced counts as live since what the delta tells of. */
  addDelta(rank: Rank, delta: MetricsDelta): void {
    const worker =
      this.#workers.get(rank) ?? this.#beginLife(rank, this.#nowMs() - delta.waitMs - delta.busyMs);
    worker.metrics = addMetrics(worker.metrics, delta);
    if (delta.packs > 0) worker.lastPackMs = this.#nowMs();
  }

  snapshot(): RunMetricsSnapshot {
    const nowMs = this.#nowMs();
    const workers = [...this.#workers]
      .sort(([a], [b]) => a - b)
      .map(([rank, worker]) => {
        const liveMs = liveTimeMs(worker, nowMs);
        const tailMs = worker.liveSinceMs === null ? worker.tailMs : nowMs - worker.lastPackMs;
        return { rank, ...summariseMetrics(worker.metrics, { liveMs, tailMs, wallMs: liveMs }) };
      });
    const sums = workers.reduce<MetricsDelta>(addMetrics, NO_METRICS);
    const liveMs = workers.reduce((sum, worker) => sum + worker.liveMs, 0);
    const tailMs = workers.reduce((sum, worker) => sum + worker.tailMs, 0);
    const wallMs = nowMs - (this.#firstStartMs ?? nowMs);
    return { total: summariseMetrics(sums, { liveMs, tailMs, wallMs }), workers };
  }

  #beginLife(rank: Rank, sinceMs: number): WorkerSums {
    const worker = this.#workers.get(rank) ?? {
      metrics: NO_METRICS,
      ...{ pastLiveMs: 0, liveSinceMs: null, lastPackMs: sinceMs, tailMs: 0 },
    };
    worker.liveSinceMs ??= sinceMs;
    worker.lastPackMs = sinceMs;
    worker.tailMs = 0;
    this.#workers.set(rank, worker);
    this.#firstStartMs = Math.min(sinceMs, this.#firstStartMs ?? sinceMs);
    return worker;
  }
}

function liveTimeMs({ pastLiveMs, liveSinceMs }: WorkerSums, nowMs: number): number {
  return pastLiveMs + (liveSinceMs === null ? 0 : nowMs - liveSinceMs);
}

export interface Spans {
  /** Time during which workers were there to compute. */
  readonly liveMs: number;
  /** Of it, after the last pack of each. */
  readonly tailMs: number;
  /** Time that rates are taken over. */
  readonly wallMs: number;
}

/** Sums with the shares and rates that follow from them. */
export function summariseMetrics(metrics: MetricsDelta, { liveMs, tailMs, wallMs }: Spans): MetricsSummary {
  const { packs, tokens, sequences, paddedTokens, budgetTokens, busyMs, starvedPacks } = metrics;
  return {
    ...metrics,
    liveMs,
    tailMs,
    tokenUtilization: share(tokens, budgetTokens),
    paddingSavedShare: paddedTokens === 0 ? null : 1 - tokens / paddedTokens,
    deviceBusyShare: share(busyMs, liveMs),
    starvedShare: share(starvedPacks, packs),
    tokensPerSecond: perSecond(tokens, wallMs),
    sequencesPerSecond: perSecond(sequences, wallMs),
  };
}

/** Clocks of two processes may differ by a hair; a share stays a share. */
function share(part: number, whole: number): number | null {
  return whole > 0 ? Math.min(1, part / whole) : null;
}
