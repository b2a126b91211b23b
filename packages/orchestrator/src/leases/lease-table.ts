import { toLeaseId, type LeaseId, type Rank, type Shard, type ShardId } from '@virnucpro/protocol';

/** The right of one worker to one shard, for one attempt. */
export interface Lease {
  readonly leaseId: LeaseId;
  readonly rank: Rank;
  readonly shard: Shard;
  readonly attempt: number;
}

/**
 * Who holds which shard.
 *
 *   queued --acquire--> leased --complete--> done
 *      ^                  |
 *      +--release---------+        a worker died, or gave its leases back
 *
 * A lease id is never used twice: a result under a lease that is not the shard's present one is late, and is
 * refused (fencing). Shards are leased in input order, returned ones first. Pure.
 */
export class LeaseTable {
  readonly #queued: Shard[] = [];
  readonly #leases = new Map<LeaseId, Lease>();
  readonly #attempts = new Map<ShardId, number>();
  readonly #done = new Set<ShardId>();
  #leasesMade = 0;
  #sealed = false;

  /** A shard to be computed; input order is the order of adding. */
  add(shard: Shard): void {
    if (this.#sealed) throw new Error(`shard ${shard.shardId} was added after the last one`);
    this.#queued.push(shard);
  }

  /** A shard that an earlier run finished. */
  addDone(shardId: ShardId): void {
    if (this.#sealed) throw new Error(`shard ${shardId} was added after the last one`);
    this.#done.add(shardId);
  }

  /** No shard will be added any more. */
  seal(): void {
    this.#sealed = true;
  }

  /** The shard that would be leased next. */
  get next(): Shard | null {
    return this.#queued[0] ?? null;
  }

  /** @returns a lease on the next shard, or null when none is queued */
  acquire(rank: Rank): Lease | null {
    const shard = this.#queued.shift();
    if (shard === undefined) return null;
    this.#leasesMade += 1;
    const attempt = (this.#attempts.get(shard.shardId) ?? 0) + 1;
    this.#attempts.set(shard.shardId, attempt);
    const lease: Lease = { leaseId: toLeaseId(`lease-${this.#leasesMade}`), rank, shard, attempt };
    this.#leases.set(lease.leaseId, lease);
    return lease;
  }

  /** @returns false when the lease is not the shard's present one: the result is late and must be dropped */
  complete(leaseId: LeaseId): boolean {
    const lease = this.#leases.get(leaseId);
    if (lease === undefined) return false;
    this.#leases.delete(leaseId);
    this.#done.add(lease.shard.shardId);
    return true;
  }

  /** Puts all shards of a worker back to the head of the queue, in input order. */
  releaseAll(rank: Rank): Lease[] {
    const released = this.heldBy(rank);
    for (const lease of released) this.#leases.delete(lease.leaseId);
    this.#queued.unshift(...released.map(({ shard }) => shard));
    this.#queued.sort((a, b) => a.shardId - b.shardId);
    return released;
  }

  /** Leases of a worker, oldest first: the first is the shard that it works on. */
  heldBy(rank: Rank): Lease[] {
    return [...this.#leases.values()].filter((lease) => lease.rank === rank);
  }

  get(leaseId: LeaseId): Lease | null {
    return this.#leases.get(leaseId) ?? null;
  }

  /** All shards are known, and fewer than this many of them are queued. */
  isTail(shards: number): boolean {
    return this.#sealed && this.#queued.length < shards;
  }

  get queued(): number {
    return this.#queued.length;
  }

  get leased(): number {
    return this.#leases.size;
  }

  get done(): number {
    return this.#done.size;
  }

  /** All shards are known and done. */
  get allDone(): boolean {
    return this.#sealed && this.#queued.length === 0 && this.#leases.size === 0;
  }
}
