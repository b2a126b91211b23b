import type { Rank, Shard, VirnucproError, WorkerMessage } from '@virnucpro/protocol';

import type { Lease } from '../leases/lease-table.ts';
import type { WorkerExit } from './worker-handle.ts';

export type ReadyMessage = Extract<WorkerMessage, { type: 'ready' }>;
export type HeartbeatMessage = Extract<WorkerMessage, { type: 'heartbeat' }>;
export type ShardCompletedMessage = Extract<WorkerMessage, { type: 'shard-completed' }>;

export type LogRepairedMessage = Extract<WorkerMessage, { type: 'log-repaired' }>;

/** What happens to workers, for logs, progress and metrics. */
export interface SupervisorEvents {
  readonly onWorkerStarted: (rank: Rank, pid: number | undefined) => void;
  readonly onWorkerReady: (rank: Rank, message: ReadyMessage) => void;
  readonly onHeartbeat: (rank: Rank, message: HeartbeatMessage) => void;
  readonly onShardCompleted: (rank: Rank, message: ShardCompletedMessage) => void;
  readonly onLogRepaired: (rank: Rank, message: LogRepairedMessage) => void;
  /** Records that crash whatever computes them were found; they will be rejected. */
  readonly onRecordsBlamed: (shard: Shard, packIndex: number, recordIndices: readonly number[]) => void;
  readonly onLateResult: (rank: Rank, message: ShardCompletedMessage) => void;
  readonly onWorkerOutput: (rank: Rank, line: string) => void;
  readonly onWorkerKilled: (rank: Rank, reason: string) => void;
  /** The process is gone, whatever the reason. */
  readonly onWorkerEnded: (rank: Rank) => void;
  readonly onWorkerLost: (rank: Rank, loss: WorkerLoss) => void;
}

/** Tells several listeners, in order, each what it wants to hear. */
export function tellAll(...listeners: readonly Partial<SupervisorEvents>[]): SupervisorEvents {
  return {
    onWorkerStarted: (...event) => listeners.forEach((to) => to.onWorkerStarted?.(...event)),
    onWorkerReady: (...event) => listeners.forEach((to) => to.onWorkerReady?.(...event)),
    onHeartbeat: (...event) => listeners.forEach((to) => to.onHeartbeat?.(...event)),
    onShardCompleted: (...event) => listeners.forEach((to) => to.onShardCompleted?.(...event)),
    onLogRepaired: (...event) => listeners.forEach((to) => to.onLogRepaired?.(...event)),
    onRecordsBlamed: (...event) => listeners.forEach((to) => to.onRecordsBlamed?.(...event)),
    onLateResult: (...event) => listeners.forEach((to) => to.onLateResult?.(...event)),
    onWorkerOutput: (...event) => listeners.forEach((to) => to.onWorkerOutput?.(...event)),
    onWorkerKilled: (...event) => listeners.forEach((to) => to.onWorkerKilled?.(...event)),
    onWorkerEnded: (...event) => listeners.forEach((to) => to.onWorkerEnded?.(...event)),
    onWorkerLost: (...event) => listeners.forEach((to) => to.onWorkerLost?.(...event)),
  };
}

export interface WorkerLoss {
  readonly exit: WorkerExit;
  /** What the worker said before it ended, if it could. */
  readonly error: VirnucproError | null;
  /** Why this process killed it; null when it did not. */
  readonly killedFor: string | null;
  readonly releasedLeases: readonly Lease[];
  /** A pack was being computed; it will be computed again. */
  readonly packInFlight: boolean;
  /** Null when the device was given up. */
  readonly restartInMs: number | null;
}

/** How the work ended. */
export type SupervisorEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'drained' }
  | { readonly kind: 'failed'; readonly error: VirnucproError };
