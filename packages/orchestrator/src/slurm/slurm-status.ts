import { readManifest, runPaths, type DurableFileSystem } from '@virnucpro/checkpoint';
import { InputError } from '@virnucpro/protocol';

import type { NodeStatus } from '../status/node-status.ts';
import { readRunStatus, type RunStatus } from '../status/run-status.ts';
import { readJobQueue, type JobQueue, type QueuedJob } from './job-queue.ts';
import { readSubmission, submittedJobs, type Submission } from './submission.ts';

/** A node of the run: what it wrote itself, and what Slurm knows of it. */
export interface SlurmNodeStatus {
  readonly rank: number;
  /** Null before it has begun, and in a run of one node, whose status is the run's. */
  readonly progress: NodeStatus | null;
  /** Its job, or its task of the array, while that waits or runs. */
  readonly job: QueuedJob | null;
}

export interface SlurmStatus {
  readonly runDirectory: string;
  /** Null before the first node has begun. */
  readonly run: RunStatus | null;
  readonly submission: Submission;
  /** Why nothing is known of the queue; null when it is known. */
  readonly queueProblem: string | null;
  readonly nodes: readonly SlurmNodeStatus[];
  /** The merge job while it waits or runs. */
  readonly merge: QueuedJob | null;
}

/** @throws {InputError} NOT_SUBMITTED, SUBMISSION_UNREADABLE */
export async function readSlurmStatus(
  fileSystem: DurableFileSystem,
  runDirectory: string,
): Promise<SlurmStatus> {
  const submission = await readSubmission(fileSystem, runDirectory);
  if (submission === null) {
    throw new InputError(
      'NOT_SUBMITTED',
      `${runDirectory} holds no slurm.json: nothing was submitted for it from here. ` +
        `How far a run is: virnucpro-orchestrate status ${runDirectory}`,
    );
  }
  const hasBegun = (await readManifest(fileSystem, runPaths(runDirectory).manifest)) !== null;
  const run = hasBegun ? await readRunStatus(fileSystem, runDirectory) : null;
  const queue = await readJobQueue(submittedJobs(submission));
  return { runDirectory, run, ...joinQueue(submission, queue, run?.nodes ?? []) };
}

/** Which job is whose. Pure. */
export function joinQueue(
  submission: Submission,
  queue: JobQueue,
  progress: readonly NodeStatus[],
): Omit<SlurmStatus, 'runDirectory' | 'run'> {
  const jobs = queue.known ? queue.jobs : [];
  const jobWith = (id: string | null): QueuedJob | null => jobs.find((job) => job.id === id) ?? null;
  const { jobId, mergeJobId, mode, nodes: count } = submission;
  const nodes = Array.from({ length: count }, (_, rank) => ({
    rank,
    progress: progress.find((node) => node.rank === rank) ?? null,
    job: jobWith(mode === 'array' ? `${jobId}_${rank}` : jobId),
  }));
  return { submission, queueProblem: queue.known ? null : queue.why, nodes, merge: jobWith(mergeJobId) };
}
