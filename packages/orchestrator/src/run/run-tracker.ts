import type { ScanSummary } from '@virnucpro/fasta';
import {
  GpuStatistics,
  Timeline,
  RunMetrics,
  Throughput,
  type GpuSampler,
  type MetricsSummary,
  type Report,
} from '@virnucpro/monitor';
import type { Rank, Shard } from '@virnucpro/protocol';

import { formatCount } from '../progress/format.ts';
import type { ProgressSnapshot } from '../progress/progress-view.ts';
import type {
  HeartbeatMessage,
  LogRepairedMessage,
  ReadyMessage,
  ShardCompletedMessage,
  SupervisorEvents,
  WorkerLoss,
} from '../supervisor/supervisor-events.ts';
import { gpuSampler } from './gpu-sampling.ts';
import { describeLoss } from './describe-loss.ts';
import type { Job } from './job.ts';

const VIEW_INTERVAL_MS = 250;
const PROGRESS_EVENT_INTERVAL_MS = 2_000;

interface TrackedWorker {
  readonly rank: Rank;
  readonly label: string;
  state: 'waiting' | 'starting' | 'ready' | 'restarting' | 'retired';
  deviceName: string | null;
  shards: number;
}

/** Results that are durable, those of earlier runs included. */
export interface DoneCounts {
  readonly shards: number;
  readonly rows: number;
  readonly rejected: number;
  readonly packs: number;
  readonly tokens: number;
}

/** Keeps count of the run: what happens goes to the log and the events, where it stands to the progress view. */
export class RunTracker implements SupervisorEvents {
  readonly metrics = new RunMetrics(() => performance.now());
  /** Readings of the GPUs that this run uses. */
  readonly gpus = new GpuStatistics();
  readonly timeline = new Timeline(1_000);
  /** Losses of workers, in order. */
  readonly restarts: Report['restarts'] = [];
  readonly startedAt = new Date();
  readonly workers: readonly TrackedWorker[];
  readonly #job: Job;
  readonly #startedMs = performance.now();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #sampler: GpuSampler | null;
  #done: DoneCounts = { shards: 0, rows: 0, rejected: 0, packs: 0, tokens: 0 };
  /** Found in logs: computed by an earlier run, or by a worker that died since. */
  #reused = { packs: 0, tokens: 0, sequences: 0 };
  /** In flight when a process ended; computed again. */
  #packsRecomputed = 0;
  #packsSplit = 0;
  #tokensScanned = 0;
  #recordsScanned = 0;
  #tokensTotal: number | null = null;
  #scan: ScanSummary | null = null;
  /** From the first worker that is ready: start-up would spoil the estimate of what is left. */
  #throughput: Throughput | null = null;

  constructor(job: Job) {
    this.#job = job;
    this.#sampler = gpuSampler(job, (sample) => this.gpus.add(sample));
    this.workers = job.devices.devices.map(({ label }, rank) => ({
      rank: rank as Rank,
      label,
      state: 'waiting',
      deviceName: null,
      shards: 0,
    }));
  }

  get done(): DoneCounts {
    return this.#done;
  }

  get reused(): Readonly<{ packs: number; tokens: number; sequences: number }> {
    return this.#reused;
  }

  get recordsScanned(): number {
    return this.#recordsScanned;
  }

  get packsRecomputed(): number {
    return this.#packsRecomputed;
  }

  /** Computed in parts: their rows may differ in the last digits from those of an undisturbed run. */
  get packsSplit(): number {
    return this.#packsSplit;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  start(): void {
    const { view, events } = this.#job;
    this.#sampler?.start();
    this.#timers.push(
      setInterval(() => view.update(this.snapshot()), VIEW_INTERVAL_MS),
      setInterval(() => this.#mark(), VIEW_INTERVAL_MS),
      setInterval(() => events.emit({ event: 'progress', ...this.snapshot() }), PROGRESS_EVENT_INTERVAL_MS),
    );
  }

  /** The last look at a run that ended. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#sampler?.stop();
    this.#mark();
    this.#job.view.update(this.snapshot());
    this.#job.events.emit({ event: 'progress', ...this.snapshot() });
  }

  #mark(): void {
    const measured = this.metrics.snapshot().workers;
    const of = (rank: Rank) => measured.find((worker) => worker.rank === rank);
    this.timeline.add({
      atMs: this.elapsedMs,
      tokens: this.workers.map(({ rank }) => of(rank)?.tokens ?? 0),
      busyMs: this.workers.map(({ rank }) => of(rank)?.busyMs ?? 0),
    });
  }

  /** What the scan found; null while it goes on. */
  get scan(): ScanSummary | null {
    return this.#scan;
  }

  get total(): MetricsSummary {
    return this.metrics.snapshot().total;
  }

  snapshot(): ProgressSnapshot {
    const { total, workers } = this.metrics.snapshot();
    const tokensDone = Math.min(
      total.tokens + total.copiedTokens + this.#reused.tokens,
      this.#tokensTotal ?? Number.POSITIVE_INFINITY,
    );
    const left = this.#tokensTotal === null ? null : this.#tokensTotal - tokensDone;
    const speed = this.#throughput?.snapshot(left) ?? null;
    return {
      workers: this.workers.map(({ rank, label, state }) => {
        const measured = workers.find((worker) => worker.rank === rank);
        const { tokens: done, tokensPerSecond } = measured ?? { tokens: 0, tokensPerSecond: 0 };
        return { rank, label, state, tokensDone: done, tokensPerSecond };
      }),
      sequencesDone: total.sequences + total.copiedSequences + this.#reused.sequences,
      tokensDone,
      tokensTotal: this.#tokensTotal,
      tokensScanned: this.#tokensScanned,
      tokensPerSecond: speed?.tokensPerSecond ?? 0,
      sequencesPerSecond: speed?.sequencesPerSecond ?? 0,
      etaSeconds: speed?.etaSeconds ?? null,
    };
  }

  scanned(shard: Shard): void {
    this.#tokensScanned += shard.tokens;
    this.#recordsScanned += shard.recordCount;
  }

  foundDone(shard: Shard, found: Omit<DoneCounts, 'shards'>): void {
    this.#count(found);
    this.#reused = {
      packs: this.#reused.packs + found.packs,
      tokens: this.#reused.tokens + shard.tokens,
      sequences: this.#reused.sequences + found.rows,
    };
    const { rows, rejected } = found;
    this.#job.events.emit({ event: 'shard-found-done', shardId: shard.shardId, rows, rejected });
  }

  scanEnded(summary: ScanSummary): void {
    const { records, tokens, shards } = summary;
    this.#scan = summary;
    this.#tokensTotal = tokens;
    this.#job.log.info(
      `scanned: ${formatCount(records)} records, ${formatCount(tokens)} tokens, ${formatCount(shards)} shards`,
    );
    this.#job.events.emit({ event: 'scan-ended', records, tokens, shards });
  }

  onWorkerStarted(rank: Rank, pid: number | undefined): void {
    this.#update(rank, { state: 'starting' });
    this.#job.log.debug(`worker ${rank} started`, { rank, pid });
    this.#job.events.emit({ event: 'worker-started', rank, pid: pid ?? null });
  }

  onWorkerReady(rank: Rank, { deviceName, startupMs, pid }: ReadyMessage): void {
    this.#update(rank, { state: 'ready', deviceName });
    this.metrics.workerReady(rank);
    this.#throughput ??= new Throughput(() => performance.now());
    this.#job.log.debug(`worker ${rank} is ready`, { rank, pid, deviceName, startupMs });
    this.#job.events.emit({ event: 'worker-ready', rank, deviceName, startupMs });
  }

  onHeartbeat(rank: Rank, { metrics }: HeartbeatMessage): void {
    this.metrics.addDelta(rank, metrics);
    this.#throughput?.add(metrics);
  }

  onShardCompleted(rank: Rank, message: ShardCompletedMessage): void {
    const { shardId, rows, rejected, packs, packsReused, packsSplit, tokensReused, tokens } = message;
    if (packsSplit > 0) this.#split(shardId, packsSplit);
    this.#count(message);
    this.#update(rank, { shards: (this.workers[rank]?.shards ?? 0) + 1 });
    this.#reused = {
      ...this.#reused,
      packs: this.#reused.packs + packsReused,
      tokens: this.#reused.tokens + tokensReused,
    };
    this.#job.log.debug(`shard ${shardId} completed`, { rank, rows, rejected, packs, packsReused });
    this.#job.events.emit({
      event: 'shard-completed',
      rank,
      shardId,
      rows,
      rejected,
      packs,
      packsReused,
      tokens,
    });
  }

  onLogRepaired(rank: Rank, { shardId, problem }: LogRepairedMessage): void {
    this.#job.log.warn(`checkpoint log of shard ${shardId}: ${problem}`, { rank });
    this.#job.events.emit({ event: 'log-repaired', shardId, problem });
  }

  onRecordsBlamed({ shardId, firstOrdinal }: Shard, packIndex: number, records: readonly number[]): void {
    const ordinals = records.map((index) => firstOrdinal + index);
    this.#job.log.error(
      `record${records.length === 1 ? '' : 's'} ${ordinals.join(', ')} (shard ${shardId}) end${records.length === 1 ? 's' : ''} ` +
        'every worker that computes it, even alone; rejected once the rest of its pack is computed, see failed.tsv',
    );
    this.#job.events.emit({ event: 'records-blamed', shardId, packIndex, ordinals });
  }

  onLateResult(rank: Rank, { shardId, leaseId }: ShardCompletedMessage): void {
    this.#job.log.warn(`dropped a late result of worker ${rank} for shard ${shardId}`, { leaseId });
  }

  onWorkerOutput(rank: Rank, line: string): void {
    this.#job.log.warn(`worker ${rank} printed: ${line}`);
  }

  onWorkerKilled(rank: Rank, reason: string): void {
    this.#job.log.error(`worker ${rank} is killed: ${reason}`);
    this.#job.events.emit({ event: 'worker-killed', rank, reason });
  }

  onWorkerEnded(rank: Rank): void {
    this.metrics.workerEnded(rank);
  }

  onWorkerLost(rank: Rank, loss: WorkerLoss): void {
    const { exit, error, releasedLeases, packInFlight, restartInMs } = loss;
    if (packInFlight) this.#packsRecomputed += 1;
    this.#update(rank, { state: restartInMs === null ? 'retired' : 'restarting' });
    this.restarts.push({ rank, atMs: this.elapsedMs, reason: describeLoss(rank, loss) });
    const shardsReturned = releasedLeases.map(({ shard }) => shard.shardId);
    this.#job.log.error(describeLoss(rank, loss), { rank, ...exit, shardsReturned });
    this.#job.events.emit({
      event: 'worker-lost',
      rank,
      code: exit.code,
      signal: exit.signal,
      error: error?.message ?? null,
      shardsReturned,
      restartInMs,
    });
  }

  #split(shardId: number, packs: number): void {
    this.#packsSplit += packs;
    this.#job.log.warn(`shard ${shardId}: ${packs} packs were computed in parts, for lack of device memory`);
    this.#job.events.emit({ event: 'packs-split', shardId, packs });
  }

  #count({ rows, rejected, packs, tokens }: Omit<DoneCounts, 'shards'>): void {
    this.#done = {
      shards: this.#done.shards + 1,
      rows: this.#done.rows + rows,
      rejected: this.#done.rejected + rejected,
      packs: this.#done.packs + packs,
      tokens: this.#done.tokens + tokens,
    };
  }

  #update(rank: Rank, changes: Partial<TrackedWorker>): void {
    Object.assign(this.workers[rank] ?? {}, changes);
  }
}
