import type { PackTimes } from './pack-times.ts';
import type { WorkerSlot } from './worker-slot.ts';

export interface SupervisorTimeouts {
  /** From fork to ready: loading tens of gigabytes from a slow disk takes minutes. */
  readonly startMs: number;
  /** Without any message; a worker's main thread never computes, so its heartbeats never pause. */
  readonly silenceMs: number;
  /** From drain to exit, the pack in flight included. */
  readonly drainMs: number;
}

export const DEFAULT_TIMEOUTS: SupervisorTimeouts = {
  startMs: 15 * 60_000,
  silenceMs: 60_000,
  drainMs: 20_000,
};

type WatchedSlot = Pick<WorkerSlot, 'startedMs' | 'lastMessageMs' | 'packStartedMs'> & {
  readonly handle: Pick<NonNullable<WorkerSlot['handle']>, 'state'> | null;
};

/** @returns why a worker that took too long must be killed, or null while there is hope */
export function overdue(
  { handle, startedMs, lastMessageMs, packStartedMs }: WatchedSlot,
  nowMs: number,
  { startMs, silenceMs }: SupervisorTimeouts,
  packTimes: PackTimes,
): string | null {
  if (handle?.state === 'starting' && nowMs - startedMs > startMs) {
    return `it was not ready within ${startMs / 1000} s`;
  }
  if (handle?.state !== 'ready') return null;
  if (nowMs - lastMessageMs > silenceMs) return `it sent nothing for ${silenceMs / 1000} s`;
  if (packStartedMs !== null && nowMs - packStartedMs > packTimes.limitMs) {
    return `it is stuck: more than ${(packTimes.limitMs / 1000).toFixed(1)} s in one pack (--hang-timeout)`;
  }
  return null;
}
