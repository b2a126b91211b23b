import type * as z from 'zod';

/** Position of a shard in the run's input order, from 0. */
export type ShardId = number & z.core.$brand<'ShardId'>;

/** The right to one shard for one attempt; never used twice in a run, so a late result can be told apart. */
export type LeaseId = string & z.core.$brand<'LeaseId'>;

/** A worker's place, 0 … worldSize - 1; kept across respawns. */
export type Rank = number & z.core.$brand<'Rank'>;

/** @throws {RangeError} not a whole number from 0 */
export function toShardId(value: number): ShardId {
  return wholeNumber(value) as ShardId;
}

/** @throws {RangeError} empty */
export function toLeaseId(value: string): LeaseId {
  if (value === '') throw new RangeError('a lease id is not empty');
  return value as LeaseId;
}

/** @throws {RangeError} not a whole number from 0 */
export function toRank(value: number): Rank {
  return wholeNumber(value) as Rank;
}

function wholeNumber(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`${value} is not a whole number from 0`);
}
