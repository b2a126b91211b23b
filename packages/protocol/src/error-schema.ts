import * as z from 'zod';

import type { SerializedError } from './errors.ts';

export const serializedErrorSchema = z.strictObject({
  name: z.string(),
  code: z.string(),
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(75)]),
  message: z.string(),
  stack: z.string().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
}) satisfies z.ZodType<SerializedError>;
