import { join } from 'node:path';

import { writeFileAtomically, type DurableFileSystem } from '@virnucpro/checkpoint/file-system';
import { InputError } from '@virnucpro/protocol';
import * as z from 'zod';

const jobId = z.string().regex(/^\d+$/);

const submissionSchema = z.strictObject({
  formatVersion: z.literal(1),
  jobId,
  /** Null when it was not submitted. */
  mergeJobId: jobId.nullable(),
  mode: z.enum(['array', 'job']),
  nodes: z.int().positive(),
  submittedAt: z.iso.datetime(),
});

/** RUN_DIR/slurm.json: what was last submitted for a run. */
export type Submission = z.infer<typeof submissionSchema>;

export function submissionPath(runDirectory: string): string {
  return join(runDirectory, 'slurm.json');
}

export async function writeSubmission(
  fileSystem: DurableFileSystem,
  runDirectory: string,
  submission: Submission,
): Promise<void> {
  const content = Buffer.from(`${JSON.stringify(submission, null, 2)}\n`);
  await writeFileAtomically(fileSystem, submissionPath(runDirectory), content);
}

/**
 * @returns null when nothing was submitted
 * @throws {InputError} SUBMISSION_UNREADABLE
 */
export async function readSubmission(
  fileSystem: DurableFileSystem,
  runDirectory: string,
): Promise<Submission | null> {
  const path = submissionPath(runDirectory);
  if (!(await fileSystem.exists(path))) return null;
  try {
    return submissionSchema.parse(JSON.parse((await fileSystem.readFile(path)).toString('utf8')));
  } catch (error) {
    throw new InputError(
      'SUBMISSION_UNREADABLE',
      `${path} does not say which jobs were submitted (it is damaged, or of another version). Look at squeue, then remove it.`,
      { cause: error },
    );
  }
}

/** The jobs of a submission, as scancel and squeue take them. */
export function submittedJobs({ jobId: run, mergeJobId }: Submission): string[] {
  return mergeJobId === null ? [run] : [run, mergeJobId];
}
