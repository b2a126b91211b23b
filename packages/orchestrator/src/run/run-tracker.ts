import {
  GpuStatistics,
  HostSampler,
  HostStatistics,
  Timeline,
  RunMetrics,
  Throughput,
  type GpuSampler,
  type MetricsSummary,
  type Report,
  type TimelinePoint,
  type WorkerMetrics,
} from '@virnucpro/monitor';
import type { Rank, Shard } from '@virnucpro/protocol';

import type { GpuReading, ProgressSnapshot, WorkerProgress } from '../progress/progress-view.ts';
import type {
  HeartbeatMessage,
  ReadyMessage,
  ShardCompletedMessage,
  SupervisorEvents,
  WorkerLoss,
} from '../supervisor/supervisor-events.ts';
import { gpuSampler, sampledName } from './gpu-sampling.ts';
import { describeLoss } from './describe-loss.ts';
import type { Job } from './job.ts';
import { shareOf } from './mission.ts';
import { TokenForecast } from './token-forecast.ts';

const HOST_INTERVAL_MS = 2_000;
const VIEW_INTERVAL_MS = 250;
const PROGRESS_EVENT_INTERVAL_MS = 2_000;

interface TrackedWorker {
  readonly rank: Rank;
  readonly label: string;
  state: 'waiting' | 'starting' | 'ready' | 'restarting' | 'retired';
  deviceName: string | null;
  shards: number;
  queueDepth: number;
}

/** Results that are durable, those of earlier runs included. */
export interface DoneCounts {
  readonly shards: number;
  readonly rows: number;
  readonly rejected: number;
  readonly packs: number;
  readonly tokens: number;
}

/** Keeps count of the run, and shows where it stands in the progress view and in progress events. */
export class RunTracker implements Partial<SupervisorEvents> {
  readonly metrics = new RunMetrics(() => performance.now());
  /** Readings of the GPUs that this run uses. */
  readonly gpus = new GpuStatistics();
  readonly host = new HostStatistics();
  readonly timeline = new Timeline<TimelinePoint>(1_000);
  /** Losses of workers, in order. */
  readonly restarts: Report['restarts'] = [];
  readonly startedAt = new Date();
  readonly workers: readonly TrackedWorker[];
  readonly #job: Job;
  readonly #startedMs = performance.now();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #sampler: GpuSampler | null;
  readonly #hostSampler: HostSampler;
  #done: DoneCounts = { shards: 0, rows: 0, rejected: 0, packs: 0, tokens: 0 };
  /** Found in logs: computed by an earlier run, or by a worker that died since. */
  #reused = { packs: 0, tokens: 0, sequences: 0 };
  /** In flight when a process ended; computed again. */
  #packsRecomputed = 0;
  #packsSplit = 0;
  #recordsScanned = 0;
  #shardsScanned = 0;
  #scanEnded = false;
  readonly #forecast = new TokenForecast();
  /** From the first worker that is ready: start-up would spoil the estimate of what is left. */
  #throughput: Throughput | null = null;

  constructor(job: Job) {
    this.#job = job;
    this.#hostSampler = new HostSampler({
      intervalMs: HOST_INTERVAL_MS,
      readDiskFreeBytes: () => job.context.fileSystem.freeBytes(job.paths.directory),
      onSample: (sample) => this.host.add(sample, this.elapsedMs),
    });
    this.#sampler = gpuSampler(job, (sample) => this.gpus.add(sample, this.elapsedMs));
    this.workers = job.devices.devices.map(({ label }, rank) => ({
      rank: rank as Rank,
      label,
      state: 'waiting',
      deviceName: null,
      shards: 0,
      queueDepth: 0,
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

  get shardsScanned(): number {
    return this.#shardsScanned;
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
    const { view } = this.#job;
    this.#sampler?.start();
    this.#hostSampler.start();
    this.#timers.push(
      setInterval(() => view.update(this.snapshot()), VIEW_INTERVAL_MS),
      setInterval(() => this.timeline.add(this.#timelinePoint()), VIEW_INTERVAL_MS),
      setInterval(() => this.#emitProgress(), PROGRESS_EVENT_INTERVAL_MS),
    );
  }

  /** The last look at a run that ended. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#sampler?.stop();
    this.#hostSampler.stop();
    this.timeline.end(this.#timelinePoint());
    this.#job.view.update(this.snapshot());
    this.#emitProgress();
  }

  #emitProgress(): void {
    const { events, mission } = this.#job;
    events.emit({ event: 'progress', node: shareOf(mission), ...this.snapshot() });
  }

  #timelinePoint(): TimelinePoint {
    const measured = this.metrics.snapshot().workers;
    const of = (rank: Rank) => measured.find((worker) => worker.rank === rank);
    return {
      atMs: this.elapsedMs,
      tokens: this.workers.map(({ rank }) => of(rank)?.tokens ?? 0),
      busyMs: this.workers.map(({ rank }) => of(rank)?.busyMs ?? 0),
      waitMs: this.workers.map(({ rank }) => of(rank)?.waitMs ?? 0),
      ready: this.workers.map(({ state }) => state === 'ready'),
    };
  }

  get total(): MetricsSummary {
    return this.metrics.snapshot().total;
  }

  snapshot(): ProgressSnapshot {
    const { total, workers } = this.metrics.snapshot();
    const tokensScanned = this.#forecast.total;
    const tokensTotal = this.#scanEnded ? tokensScanned : null;
    const tokensDone = Math.min(
      total.tokens + total.copiedTokens + this.#reused.tokens,
      tokensTotal ?? Number.POSITIVE_INFINITY,
    );
    const left = tokensTotal === null ? null : tokensTotal - tokensDone;
    const speed = this.#throughput?.snapshot(left) ?? null;
    return {
      workers: this.workers.map((worker) => this.#progressOf(worker, workers)),
      sequencesDone: total.sequences + total.copiedSequences + this.#reused.sequences,
      tokensDone,
      tokensTotal,
      tokensScanned,
      tokensPerSecond: speed?.tokensPerSecond ?? 0,
      sequencesPerSecond: speed?.sequencesPerSecond ?? 0,
      averageTokensPerSecond: speed?.averageTokensPerSecond ?? 0,
      etaSeconds: speed?.etaSeconds ?? null,
      etaBandSeconds: speed?.etaBandSeconds ?? null,
    };
  }

  #progressOf(
    { rank, label, state, queueDepth }: TrackedWorker,
    measured: readonly WorkerMetrics[],
  ): WorkerProgress {
    const metrics = measured.find((worker) => worker.rank === rank);
    return {
      ...{ rank, label, state, queueDepth },
      tokensDone: metrics?.tokens ?? 0,
      tokensPerSecond: metrics?.tokensPerSecond ?? 0,
      sequencesPerSecond: metrics?.sequencesPerSecond ?? 0,
      tokenUtilization: metrics?.tokenUtilization ?? null,
      deviceBusyShare: metrics?.deviceBusyShare ?? null,
      restarts: this.restarts.filter((restart) => restart.rank === rank).length,
      gpu: this.#gpuReading(rank),
    };
  }

  #gpuReading(rank: Rank): GpuReading | null {
    const device = this.#job.devices.devices[rank];
    const sample = device?.provider === 'cuda' ? this.gpus.latest(sampledName(device)) : null;
    if (sample === null) return null;
    const { utilizationPercent, memoryUsedMiB, temperatureC, powerW } = sample;
    return { utilizationPercent, memoryUsedMiB, temperatureC, powerW };
  }

  /** A shard of this process's share. */
  scanned(shard: Shard): void {
    this.#forecast.scanned(shard);
    this.#recordsScanned += shard.recordCount;
    this.#shardsScanned += 1;
  }

  foundDone(shard: Shard, found: Omit<DoneCounts, 'shards'>): void {
    this.#forecast.done(shard.shardId, found.tokens);
    this.#count(found);
    this.#reused = {
      packs: this.#reused.packs + found.packs,
      tokens: this.#reused.tokens + found.tokens,
      sequences: this.#reused.sequences + found.rows,
    };
  }

  scanEnded(): void {
    this.#scanEnded = true;
  }

  onWorkerStarted(rank: Rank): void {
    this.#update(rank, { state: 'starting' });
  }

  onWorkerReady(rank: Rank, { deviceName }: ReadyMessage): void {
    this.#update(rank, { state: 'ready', deviceName });
    this.metrics.workerReady(rank);
    this.#throughput ??= new Throughput(() => performance.now());
  }

  onHeartbeat(rank: Rank, { metrics, queueDepth }: HeartbeatMessage): void {
    this.#update(rank, { queueDepth });
    this.metrics.addDelta(rank, metrics);
    this.#throughput?.add(metrics);
  }

  onShardCompleted(rank: Rank, message: ShardCompletedMessage): void {
    const { shardId, packsReused, packsSplit, tokensReused, tokens } = message;
    this.#forecast.done(shardId, tokens);
    this.#packsSplit += packsSplit;
    this.#count(message);
    this.#update(rank, { shards: (this.workers[rank]?.shards ?? 0) + 1 });
    this.#reused = {
      ...this.#reused,
      packs: this.#reused.packs + packsReused,
      tokens: this.#reused.tokens + tokensReused,
    };
  }

  onWorkerEnded(rank: Rank): void {
    this.metrics.workerEnded(rank);
  }

  onWorkerLost(rank: Rank, loss: WorkerLoss): void {
    if (loss.packInFlight) this.#packsRecomputed += 1;
    this.#update(rank, { state: loss.restartInMs === null ? 'retired' : 'restarting' });
    this.restarts.push({ rank, atMs: this.elapsedMs, reason: describeLoss(rank, loss) });
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
