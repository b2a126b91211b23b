import { GpuMonitor, MetricsAccumulator } from '@virnucpro/monitor/worker';
import type { MetricsDelta, Rank, WorkerConfig } from '@virnucpro/protocol';
import type { Logger } from 'winston';

import type { InferenceResult } from '../inference/async-inference-runner.ts';
import type { ShardPack } from '../loader/async-data-loader.ts';
import type { PrefetchDepth } from '../loader/prefetch-depth.ts';
import { PackTrace } from './pack-trace.ts';

export interface PackMeterOptions {
  readonly config: Pick<WorkerConfig, 'tokenBudget' | 'packing' | 'logDirectory'>;
  readonly rank: Rank;
  readonly log: Logger;
  /** Learns from every pack whether the device waited. */
  readonly prefetch: PrefetchDepth;
}

/** Everything that is counted of a computed pack: for the parent, for the trace, for the log, for the loader. */
export class PackMeter {
  readonly #config: PackMeterOptions['config'];
  readonly #prefetch: PrefetchDepth;
  readonly #metrics = new MetricsAccumulator();
  readonly #monitor: GpuMonitor;
  readonly #trace: PackTrace;

  constructor({ config, rank, log, prefetch }: PackMeterOptions) {
    this.#config = config;
    this.#prefetch = prefetch;
    this.#monitor = new GpuMonitor({ nowMs: () => performance.now(), logger: log });
    this.#trace = new PackTrace(config.logDirectory, rank, log);
  }

  start(): void {
    this.#monitor.startInferenceTimer();
  }

  add({ batch, batchIndex, waitMs, busyMs, queueDepth }: InferenceResult<ShardPack>): void {
    const { tokenBudget, packing } = this.#config;
    const { numSequences: sequences, numTokens: tokens, maxSeqlen: maxSequenceLength, isLastOfShard } = batch;
    this.#prefetch.observe(waitMs, busyMs);
    if (isLastOfShard) this.#prefetch.shardEnded();
    this.#trace.add(
      {
        shardId: batch.assignment.shard.shardId,
        packIndex: batch.packIndex,
        longestTokens: maxSequenceLength,
        ...{ sequences, tokens, tokenBudget, waitMs, busyMs, queueDepth },
      },
      new Date(),
    );
    this.#metrics.add({
      ...{ sequences, tokens, maxSequenceLength, tokenBudget, waitMs, busyMs },
      copiedSequences: batch.copiedSequences,
      copiedTokens: batch.copiedTokens,
      lengthCounts: batch.lengthCounts,
    });
    this.#monitor.recordDataLoaderWait({
      waitTimeMs: waitMs,
      batchIndex,
      sequencesInBatch: sequences,
      tokensInBatch: tokens,
      maxSequenceLength,
      queueDepth,
      isLastOfShard,
      ...(packing === 'packed' ? { packingEfficiency: tokens / tokenBudget } : {}),
    });
  }

  /** Time that the device's results waited for the disk. */
  addWriteWait(waitMs: number): void {
    this.#metrics.addWriteWait(waitMs);
  }

  /** What came since the last call. */
  takeDelta(): MetricsDelta {
    return this.#metrics.takeDelta();
  }

  /** Resolves when the trace so far is written. Never throws. */
  flushTrace(): Promise<void> {
    return this.#trace.flush();
  }

  /** How well the device was fed over the whole life of the worker. */
  feedStatistics(): ReturnType<GpuMonitor['getDataLoaderStatistics']> {
    return this.#monitor.getDataLoaderStatistics();
  }
}
