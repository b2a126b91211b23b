import type { NodeShare } from './node-share.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The task that this process is in an srun step; null outside of one. */
export function placeInStep(environment: Environment): NodeShare | null {
  const rank = wholeNumber(environment['SLURM_PROCID']);
  const count = wholeNumber(environment['SLURM_STEP_NUM_TASKS']);
  // The batch script has a SLURM_PROCID too, but is no step.
  if (environment['SLURM_STEP_ID'] === undefined || rank === null || count === null) return null;
  return { rank, count };
}

/** A job array's task, with the ids that the array was submitted with; null outside of one. */
export interface ArrayPlace {
  readonly taskId: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

export function placeInArray(environment: Environment): ArrayPlace | null {
  const taskId = wholeNumber(environment['SLURM_ARRAY_TASK_ID']);
  const count = wholeNumber(environment['SLURM_ARRAY_TASK_COUNT']);
  const min = wholeNumber(environment['SLURM_ARRAY_TASK_MIN']);
  const max = wholeNumber(environment['SLURM_ARRAY_TASK_MAX']);
  if (taskId === null || count === null || min === null || max === null) return null;
  return { taskId, min, max, count };
}

/** Nodes of the job's allocation; null outside of Slurm. */
export function allocatedNodes(environment: Environment): number | null {
  return wholeNumber(environment['SLURM_JOB_NUM_NODES'] ?? environment['SLURM_NNODES']);
}

/** What Slurm calls this job, for logs and messages; null outside of Slurm. */
export interface SlurmJob {
  /** As squeue and scontrol know it: 17, or 17_3 for a task of an array. */
  readonly jobId: string;
  readonly nodeName: string | null;
  /** How often the job was requeued. */
  readonly restartCount: number;
}

export function slurmJob(environment: Environment): SlurmJob | null {
  const { SLURM_JOB_ID: jobId, SLURM_ARRAY_JOB_ID: arrayId, SLURM_ARRAY_TASK_ID: taskId } = environment;
  if (jobId === undefined || jobId === '') return null;
  return {
    jobId: arrayId !== undefined && taskId !== undefined ? `${arrayId}_${taskId}` : jobId,
    nodeName: environment['SLURMD_NODENAME'] ?? null,
    restartCount: wholeNumber(environment['SLURM_RESTART_COUNT']) ?? 0,
  };
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}
