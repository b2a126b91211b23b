import * as z from 'zod';

export const shardIdSchema = z.int().nonnegative().brand<'ShardId'>();
export const leaseIdSchema = z.string().min(1).brand<'LeaseId'>();
export const rankSchema = z.int().nonnegative().brand<'Rank'>();
