import type { LeaseId, Rank, Shard, WorkerMessage } from '@virnucpro/protocol';

import type { Lease, LeaseTable } from '../leases/lease-table.ts';
import { ShardTroubles, type Blame } from './shard-troubles.ts';
import type { WorkerExit, WorkerHandle } from './worker-handle.ts';
import type { WorkerSlot } from './worker-slot.ts';

type PackStartedMessage = Extract<WorkerMessage, { type: 'pack-started' }>;

/** What the end of a worker meant for its shards. */
export interface Loss {
  readonly releasedLeases: readonly Lease[];
  /** The shard that it computed; undefined when it held none. */
  readonly shard: Shard | undefined;
  readonly blame: Blame;
}

/** Of a worker's place, what decides over its leases. */
export interface LeaseHolder extends Pick<
  WorkerSlot,
  'rank' | 'ready' | 'shardsWanted' | 'exclusive' | 'killedFor' | 'lastError'
> {
  readonly handle: Pick<WorkerHandle, 'send'> | null;
}

const TAIL_SHARDS_PER_WORKER = 4;

/** Gives workers shards to compute, and shards that end workers in the way that finds out why. */
export class Dispatcher {
  readonly #leases: LeaseTable;
  readonly #troubles = new ShardTroubles();

  constructor(leases: LeaseTable) {
    this.#leases = leases;
  }

  get allDone(): boolean {
    return this.#leases.allDone;
  }

  /** First a shard for everyone, then a second one, then more for those that wait for their loaders. */
  feed(slots: readonly LeaseHolder[]): void {
    const most = Math.max(...slots.map(({ shardsWanted }) => shardsWanted));
    for (let held = 0; held < most; held += 1) {
      if (held > 0 && this.#goesToWhoeverIsFree(slots)) return;
      for (const slot of slots) if (slot.ready && held < slot.shardsWanted) this.#leaseUpTo(slot, held + 1);
    }
  }

  /** The last shards: held in advance by a busy or slow worker, they would lengthen the tail. A lone worker has no tail. */
  #goesToWhoeverIsFree({ length: workers }: readonly LeaseHolder[]): boolean {
    return workers > 1 && this.#leases.isTail(TAIL_SHARDS_PER_WORKER * workers);
  }

  #leaseUpTo(slot: LeaseHolder, count: number): void {
    const held = this.#leases.heldBy(slot.rank).length;
    if (held >= count || this.#leases.next === null) return;
    const approach = this.#troubles.approach(this.#leases.next.shardId);
    if (held > 0 && (slot.exclusive || approach.kind !== 'plain')) return;
    const lease = this.#leases.acquire(slot.rank);
    if (lease === null) return;
    slot.exclusive = approach.kind !== 'plain';
    this.#send(slot, lease);
  }

  #send(slot: LeaseHolder, { leaseId, attempt, shard }: Lease): void {
    const approach = this.#troubles.approach(shard.shardId);
    if (approach.kind === 'probe') {
      const { packIndex, recordIndices } = approach;
      slot.handle?.send({ type: 'probe', leaseId, shard, packIndex, recordIndices: [...recordIndices] });
      return;
    }
    const verdicts = [...this.#troubles.verdicts(shard.shardId)];
    const cautious = approach.kind === 'cautious';
    slot.handle?.send({ type: 'assign', leaseId, attempt, shard, cautious, verdicts });
  }

  /** @returns false when the result is late and must be dropped */
  complete(slot: LeaseHolder, leaseId: LeaseId, shardId: number): boolean {
    if (!this.#leases.complete(leaseId)) return false;
    slot.exclusive = false;
    this.#troubles.completed(shardId);
    return true;
  }

  progressed(rank: Rank): void {
    const working = this.#leases.heldBy(rank)[0];
    if (working !== undefined) this.#troubles.progressed(working.shard.shardId);
  }

  packStarted(message: PackStartedMessage): void {
    const lease = this.#leases.get(message.leaseId);
    if (lease !== null) this.#troubles.packStarted(lease.shard.shardId, message);
  }

  /** The next step of the search goes to the same worker; when it is over, the shard is leased anew. */
  probeSurvived(slot: LeaseHolder, leaseId: LeaseId): Omit<Loss, 'releasedLeases'> | null {
    const lease = this.#leases.get(leaseId);
    if (lease === null) return null;
    const { shard } = lease;
    const blame = this.#troubles.survived(shard.shardId);
    if (this.#troubles.approach(shard.shardId).kind === 'probe') this.#send(slot, lease);
    else {
      this.#leases.releaseAll(slot.rank);
      slot.exclusive = false;
    }
    return { shard, blame };
  }

  /** The worker's process is gone and was waited for: its shards go back. */
  lost(slot: LeaseHolder, { code, signal }: WorkerExit): Loss {
    const releasedLeases = this.#leases.releaseAll(slot.rank);
    const shard = releasedLeases[0]?.shard;
    if (shard === undefined) return { releasedLeases, shard, blame: { on: 'unknown' } };
    const how =
      slot.killedFor === null
        ? `ended with ${signal ?? `exit code ${code ?? '?'}`}`
        : `was killed: ${slot.killedFor}`;
    const detail = slot.lastError?.message ?? `the worker ${how}`;
    return { releasedLeases, shard, blame: this.#troubles.crashed(shard.shardId, detail) };
  }
}
