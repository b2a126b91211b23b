import * as z from 'zod';

/** Why a record has no row. */
export const rejectionReasonSchema = z.enum([
  'empty',
  'invalid-character',
  'too-long',
  'non-finite',
  'crashes-worker',
]);
export type RejectionReason = z.infer<typeof rejectionReasonSchema>;

export const packRejectionSchema = z.strictObject({
  /** Position of the record in its shard. */
  recordIndex: z.int().nonnegative(),
  reason: rejectionReasonSchema,
  detail: z.string(),
});
export type PackRejection = z.infer<typeof packRejectionSchema>;
