import { z } from 'zod';

/** Position of a shard in the run's input order, from 0. */
export const shardIdSchema = z.int().nonnegative().brand<'ShardId'>();
export type ShardId = z.infer<typeof shardIdSchema>;

/** The right to one shard for one attempt; never used twice in a run, so a late result can be told apart. */
export const leaseIdSchema = z.string().min(1).brand<'LeaseId'>();
export type LeaseId = z.infer<typeof leaseIdSchema>;

/** A worker's place, 0 … worldSize - 1; kept across respawns. */
export const rankSchema = z.int().nonnegative().brand<'Rank'>();
export type Rank = z.infer<typeof rankSchema>;

export const toShardId = (value: number): ShardId => shardIdSchema.parse(value);
export const toLeaseId = (value: string): LeaseId => leaseIdSchema.parse(value);
export const toRank = (value: number): Rank => rankSchema.parse(value);
