import { LoaderStatistics, type DataLoaderStatistics, type NoStatistics } from './loader-statistics.ts';
import type { MonitorLogger } from './monitor-logger.ts';
import { PackingAlarm } from './packing-alarm.ts';
import { percentText } from './percent-text.ts';
import { inferQueueState, type DataLoaderMetrics } from './queue-state.ts';
import { perSecond } from './rate.ts';
import {
  UtilizationWindow,
  type BottleneckSeverity,
  type BottleneckVerdict,
  type UtilizationSummary,
} from './utilization-window.ts';

const LINE_EVERY_BATCHES = 10;
const SUMMARY_EVERY_BATCHES = 100;

export interface GpuMonitorOptions {
  /** Monotonic clock, ms. */
  readonly nowMs: () => number;
  readonly logger: MonitorLogger;
}

/** One fetch of a pack, as the device's side saw it. */
export interface DataLoaderWait {
  readonly waitTimeMs: number;
  readonly batchIndex: number;
  readonly sequencesInBatch: number;
  /** BOS and EOS included. */
  readonly tokensInBatch: number;
  readonly maxSequenceLength: number;
  /** Tokens / token budget; leave it out when sequences are not packed. */
  readonly packingEfficiency?: number;
  /** Packs that really stood in the queue. */
  readonly queueDepth?: number;
  /** Such a pack holds what is left and is not judged for its fill. */
  readonly isLastOfShard?: boolean;
}

/** Rates since the timer was started; zeros before. */
export interface InferenceThroughput {
  readonly sequencesPerSecond: number;
  readonly tokensPerSecond: number;
  readonly elapsedSeconds: number;
  readonly totalSequences: number;
  readonly totalTokens: number;
}

export interface GpuMonitorStatistics {
  readonly utilization: UtilizationSummary;
  readonly throughput: InferenceThroughput;
  readonly dataLoader: DataLoaderStatistics | NoStatistics;
}

/**
 * Watches how well one device is fed: waits, packs, throughput, utilization. Memory is fixed, whatever the number of
 * batches. Logs a line every 10 batches (debug) and a summary every 100 (info).
 */
export class GpuMonitor {
  readonly #nowMs: () => number;
  readonly #logger: MonitorLogger;
  readonly #alarm: PackingAlarm;
  readonly #loader = new LoaderStatistics();
  readonly #utilization = new UtilizationWindow();
  #startedMs: number | null = null;
  #lastSeverity: BottleneckSeverity = 'none';
  #period: SummaryPeriod;

  constructor({ nowMs, logger }: GpuMonitorOptions) {
    this.#nowMs = nowMs;
    this.#logger = logger;
    this.#alarm = new PackingAlarm(logger);
    this.#period = newPeriod(nowMs());
  }

  /** Takes one batch into the statistics. @returns what was recorded, with the inferred queue state */
  recordDataLoaderWait(wait: DataLoaderWait): DataLoaderMetrics {
    const { isLastOfShard = false, queueDepth = null, ...measured } = wait;
    const metrics: DataLoaderMetrics = {
      ...measured,
      timestamp: this.#nowMs(),
      averageSequenceLength: wait.sequencesInBatch > 0 ? wait.tokensInBatch / wait.sequencesInBatch : 0,
      queueState: inferQueueState(wait.waitTimeMs),
      queueDepth,
    };
    this.#loader.add(metrics, isLastOfShard);
    if (!isLastOfShard) this.#alarm.check(metrics);
    this.#log(metrics);
    return metrics;
  }

  /** Takes one reading of the device's utilization, in percent; a missing one (NaN) is left out. */
  recordUtilization(percent: number): void {
    this.#utilization.record(percent);
  }

  /**
   * Whether the device waits too often: critical under 50 % utilization on average, mild under 80 %, else none; none
   * while there are too few samples. Logs when the verdict changes.
   *
   * @param recentSamples how many of the last utilization samples to look at
   */
  checkBottleneck(recentSamples = 10): BottleneckVerdict {
    const verdict = this.#utilization.judge(recentSamples);
    if (verdict.severity !== this.#lastSeverity) this.#logVerdict(verdict);
    this.#lastSeverity = verdict.severity;
    return verdict;
  }

  /** @returns {} before the first batch */
  getDataLoaderStatistics(): DataLoaderStatistics | NoStatistics {
    return this.#loader.summarise();
  }

  startInferenceTimer(): void {
    this.#startedMs = this.#nowMs();
    this.#period = newPeriod(this.#startedMs);
  }

  /** @returns rates since the timer was started; zeros before */
  getThroughput(): InferenceThroughput {
    if (this.#startedMs === null) {
      return {
        sequencesPerSecond: 0,
        tokensPerSecond: 0,
        elapsedSeconds: 0,
        totalSequences: 0,
        totalTokens: 0,
      };
    }
    const elapsedMs = this.#nowMs() - this.#startedMs;
    const { totalSequences, totalTokens } = this.#loader;
    return {
      sequencesPerSecond: perSecond(totalSequences, elapsedMs),
      tokensPerSecond: perSecond(totalTokens, elapsedMs),
      elapsedSeconds: elapsedMs / 1000,
      totalSequences,
      totalTokens,
    };
  }

  getStatistics(): GpuMonitorStatistics {
    return {
      utilization: this.#utilization.summary,
      throughput: this.getThroughput(),
      dataLoader: this.getDataLoaderStatistics(),
    };
  }

  #log(metrics: DataLoaderMetrics): void {
    const period = this.#period;
    period.tokens += metrics.tokensInBatch;
    if (metrics.packingEfficiency !== undefined) {
      period.efficiencySum += metrics.packingEfficiency;
      period.packedBatches += 1;
    }
    const batches = this.#loader.totalBatches;
    if (batches % LINE_EVERY_BATCHES === 0) this.#logger.debug(batchLine(metrics));
    if (batches % SUMMARY_EVERY_BATCHES !== 0) return;
    this.#logger.info(summaryLine(batches, period, metrics.timestamp));
    this.#period = newPeriod(metrics.timestamp);
  }

  #logVerdict({ severity, averageUtilization }: BottleneckVerdict): void {
    const utilization = `device utilization is ${averageUtilization.toFixed(1)} %`;
    if (severity === 'critical') {
      this.#logger.warn(`Critical bottleneck: ${utilization}, under 50 %. The device waits for input.`);
    } else if (severity === 'mild') {
      this.#logger.info(
        `Mild bottleneck: ${utilization}, under 80 %. More loader threads or larger packs may help.`,
      );
    } else {
      this.#logger.info(`No bottleneck any more: ${utilization}.`);
    }
  }
}

/** What has come since the last summary line. */
interface SummaryPeriod {
  readonly startedMs: number;
  tokens: number;
  packedBatches: number;
  efficiencySum: number;
}

function newPeriod(startedMs: number): SummaryPeriod {
  return { startedMs, tokens: 0, packedBatches: 0, efficiencySum: 0 };
}

function batchLine(metrics: DataLoaderMetrics): string {
  const { batchIndex, waitTimeMs, sequencesInBatch, tokensInBatch, queueState, queueDepth } = metrics;
  const depth = queueDepth === null ? '' : ` (depth ${queueDepth})`;
  return (
    `Batch ${batchIndex}: waited ${waitTimeMs.toFixed(1)} ms, ${sequencesInBatch} sequences, ` +
    `${tokensInBatch} tokens, queue ${queueState}${depth}`
  );
}

function summaryLine(batches: number, period: SummaryPeriod, nowMs: number): string {
  const { packedBatches, efficiencySum, tokens, startedMs } = period;
  const efficiency =
    packedBatches === 0 ? 'no packing' : `average efficiency ${percentText(efficiencySum / packedBatches)}`;
  const tokensPerSecond = Math.round(perSecond(tokens, nowMs - startedMs));
  return `Batches ${batches - SUMMARY_EVERY_BATCHES + 1} to ${batches}: ${efficiency}, ${tokensPerSecond} tokens/s`;
}
