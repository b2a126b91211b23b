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
  readonly tokensPerSecond: number;
  readonly sequencesPerSecond: number;
  readonly etaSeconds: number | null;
}

export interface WorkerProgress {
  readonly rank: Rank;
  readonly label: string;
  readonly state: string;
  readonly tokensDone: number;
  readonly tokensPerSecond: number;
}

/** What a person sees while the run goes on. */
export interface ProgressView {
  /** Takes log lines, so that they do not tear the bars apart. */
  readonly log: NodeJS.WritableStream;
  update(snapshot: ProgressSnapshot): void;
  close(): void;
}
