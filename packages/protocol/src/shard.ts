import * as z from 'zod';

import { shardIdSchema } from './id-schemas.ts';

/**
 * A run of consecutive records of one input file: the unit of lease, retry and checkpoint. Boundaries depend
 * only on the input and the settings, never on the number of devices.
 */
export const shardSchema = z.strictObject({
  shardId: shardIdSchema,
  /** Position of the file among the run's inputs. */
  fileIndex: z.int().nonnegative(),
  /** Byte range [byteStart, byteEnd) in the (uncompressed) file; starts at a '>'. */
  byteStart: z.int().nonnegative(),
  byteEnd: z.int().positive(),
  /** Ordinal, in the file, of the first record. */
  firstOrdinal: z.int().nonnegative(),
  recordCount: z.int().positive(),
  /**
   * Tokens of its acceptable records, BOS and EOS included, after truncation to the residue limit; of nucleotide records,
   * what is expected of them.
   */
  tokens: z.int().nonnegative(),
  /** CRC-32 of the byte range: a worker that reads other bytes knows that the input changed. */
  crc32: z.int().nonnegative(),
});
export type Shard = z.infer<typeof shardSchema>;
