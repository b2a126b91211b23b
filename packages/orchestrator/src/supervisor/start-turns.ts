import type { WorkerSlot } from './worker-slot.ts';

/** A start that takes longer waits for a disk or a device: it needs no core, and may hang. */
const TURN_MS = 10_000;

type StartingSlot = Pick<WorkerSlot, 'processes' | 'startedMs'> & {
  readonly handle: Pick<NonNullable<WorkerSlot['handle']>, 'state'> | null;
};

/**
 * The places whose first process may start now. A start is a second of work for a core: were there more starts than
 * cores, all devices would wait for the last one, where the first could long compute.
 */
export function startsDue<Slot extends StartingSlot>(
  slots: readonly Slot[],
  nowMs: number,
  cores: number,
): readonly Slot[] {
  const underWay = slots.filter(
    ({ handle, startedMs }) => handle?.state === 'starting' && nowMs - startedMs < TURN_MS,
  );
  const waiting = slots.filter(({ processes }) => processes === 0);
  return waiting.slice(0, Math.max(0, cores - underWay.length));
}
