import { callSlurm, type SlurmAnswer } from './slurm-commands.ts';

/** A job, or one task of an array, as squeue shows it. */
export interface QueuedJob {
  /** `JOB`, or `JOB_TASK`. */
  readonly id: string;
  /** As PENDING, RUNNING, COMPLETING. */
  readonly state: string;
  /** Why it waits; null when it does not. */
  readonly reason: string | null;
  readonly nodes: string;
  readonly elapsed: string;
}

const FORMAT = '%i|%T|%r|%N|%M';

export type JobQueue =
  | { readonly known: true; readonly jobs: readonly QueuedJob[] }
  | { readonly known: false; readonly why: string };

/** Those of the jobs that wait or run. @param jobIds ids of jobs or arrays */
export async function readJobQueue(jobIds: readonly string[]): Promise<JobQueue> {
  const answer = await callSlurm('squeue', [
    '--noheader',
    '--array',
    `--jobs=${jobIds.join(',')}`,
    `--format=${FORMAT}`,
  ]);
  return interpretQueue(answer);
}

/** Pure. */
export function interpretQueue(answer: SlurmAnswer): JobQueue {
  if (answer.ok) return { known: true, jobs: answer.text.split('\n').flatMap(parseLine) };
  // Slurm forgets jobs some minutes after their end.
  if (answer.reason.includes('Invalid job id')) return { known: true, jobs: [] };
  return { known: false, why: answer.reason };
}

function parseLine(line: string): QueuedJob[] {
  const [id, state, reason, nodes, elapsed] = line.trim().split('|');
  if (id === undefined || state === undefined || reason === undefined) return [];
  const isWaiting = state === 'PENDING' || state === 'SUSPENDED';
  return [{ id, state, reason: isWaiting ? reason : null, nodes: nodes ?? '', elapsed: elapsed ?? '' }];
}
