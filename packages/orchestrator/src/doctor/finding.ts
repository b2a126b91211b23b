import * as z from 'zod';

export const findingStatusSchema = z.enum(['ok', 'warn', 'fail']);
export type FindingStatus = z.infer<typeof findingStatusSchema>;

/** What one look at the machine found. */
export const findingSchema = z.strictObject({
  name: z.string().min(1),
  status: findingStatusSchema,
  found: z.string().min(1),
  /** What to do; null only when there is nothing to do. */
  remedy: z.string().min(1).nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

/** The content of `doctor --json`. */
export const doctorReportSchema = z.strictObject({
  doctorVersion: z.literal(1),
  toolVersion: z.string().min(1),
  /** That of `run` on the asked devices, as far as the machine decides it. */
  exitCode: z.int().nonnegative(),
  findings: z.array(findingSchema).min(1),
});
export type DoctorReport = z.infer<typeof doctorReportSchema>;

/** How much a thing that only GPUs need is missed: GPUs were asked for · they are there · nobody needs it. */
export type CudaNeed = 'asked' | 'possible' | 'none';

const STATUS_OF_MISSING = { asked: 'fail', possible: 'warn', none: 'ok' } as const satisfies Record<
  CudaNeed,
  FindingStatus
>;

export function ok(name: string, found: string): Finding {
  return { name, status: 'ok', found, remedy: null };
}

export function warn(name: string, found: string, remedy: string): Finding {
  return { name, status: 'warn', found, remedy };
}

export function fail(name: string, found: string, remedy: string): Finding {
  return { name, status: 'fail', found, remedy };
}

/** Something that only GPUs need is not there. */
export function missing(name: string, need: CudaNeed, found: string, remedy: string): Finding {
  const status = STATUS_OF_MISSING[need];
  return status === 'ok' ? ok(name, `${found}; not needed on CPU`) : { name, status, found, remedy };
}
