import type { GpuSample } from '@virnucpro/monitor';
import type { Rank } from '@virnucpro/protocol';

/** How far the run is; all counts include what earlier runs left. */
export interface ProgressSnapshot {
  readonly workers: readonly WorkerProgress[];
  readonly sequencesDone: number;
  readonly tokensDone: number;
  /** Null until the scan has ended. */
  readonly tokensTotal: number | null;
  /** What the scan has found so far. */
  readonly tokensScanned: number;
  /** Over the last minute. */
  readonly tokensPerSecond: number;
  readonly sequencesPerSecond: number;
  /** Since the first worker was ready. */
  readonly averageTokensPerSecond: number;
  readonly etaSeconds: number | null;
  /** What the estimate may as well be, by how the rate varied in the last minute. */
  readonly etaBandSeconds: readonly [least: number, most: number] | null;
}

export interface WorkerProgress {
  readonly rank: Rank;
  readonly label: string;
  readonly state: string;
  readonly tokensDone: number;
  readonly tokensPerSecond: number;
  readonly sequencesPerSecond: number;
  /** Tokens / budgets; null before the first pack. */
  readonly tokenUtilization: number | null;
  readonly deviceBusyShare: number | null;
  /** Packs that wait for the device. */
  readonly queueDepth: number;
  readonly restarts: number;
  /** The driver's last reading; null without a GPU. */
  readonly gpu: GpuReading | null;
}

export type GpuReading = Pick<GpuSample, 'utilizationPercent' | 'memoryUsedMiB' | 'temperatureC' | 'powerW'>;

/** What a person sees while the run goes on. */
export interface ProgressView {
  /** Takes log lines, so that they do not tear the bars apart. */
  readonly log: NodeJS.WritableStream;
  update(snapshot: ProgressSnapshot): void;
  close(): void;
}
