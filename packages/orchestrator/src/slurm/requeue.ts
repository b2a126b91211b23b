import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { nodePaths, runPaths, writeFileAtomically, type DurableFileSystem } from '@virnucpro/checkpoint';
import { EXIT_CODES, UsageError, type ExitCode } from '@virnucpro/protocol';

import { ownsShard } from '../nodes/node-share.ts';
import { slurmJob } from '../nodes/slurm-place.ts';
import { formatBytes } from '../progress/format.ts';
import type { RunContext } from '../run/run-context.ts';
import { readJobQueue } from './job-queue.ts';
import { decideRestart, parseRestarts, type Restarts } from './restarts.ts';
import { callSlurm } from './slurm-commands.ts';

export interface RequeueRequest {
  readonly runDirectory: string;
  readonly nodeCount: number;
  /** Null: all nodes, which are one job. */
  readonly nodeRank: number | null;
  readonly maxIdleRestarts: number;
}

/**
 * Called by the batch script when a node has stopped: puts its job, or its task of the array, back into the queue,
 * unless it gets no further, or Slurm has decided already (a cancelled job is ending then, and no longer running).
 *
 * @returns 75 in every case: the node has stopped; nothing that depends on it may start
 * @throws {UsageError} NOT_IN_A_JOB
 */
export async function requeueStopped(request: RequeueRequest, context: RunContext): Promise<ExitCode> {
  const say = (text: string): void => void context.stderr.write(`slurm requeue: ${text}\n`);
  const task = taskOf(context.environment);
  const queue = await readJobQueue([task]);
  const state = queue.known ? (queue.jobs[0]?.state ?? 'gone') : 'not known';
  if (queue.known && state !== 'RUNNING') {
    say(`job ${task} is ${state}: Slurm ends it, and starts it again if it is to go on; nothing done here`);
    return EXIT_CODES.stopped;
  }
  const { restart, restarts } = await recordStop(request, task, context.fileSystem);
  if (restart) await requeue(task, restarts, say);
  else {
    say(
      `job ${task} is given up: it has stopped ${restarts.idleRestarts} times in a row without a new result ` +
        `(${formatBytes(restarts.durableBytes)} of checkpoints). Nothing is lost. Find out why it stops ` +
        `(RUN_DIR/nodes/*/logs; too short a --time?), then submit again with the same RUN_DIR: it goes on.`,
    );
  }
  return EXIT_CODES.stopped;
}

async function requeue(task: string, restarts: Restarts, say: (text: string) => void): Promise<void> {
  say(
    `job ${task} goes back to the queue: restart ${restarts.restarts}, ${formatBytes(restarts.durableBytes)} of checkpoints`,
  );
  // Slurm sends TERM to the whole job at once: whoever reads this was the last to be told.
  const answer = await callSlurm('scontrol', ['requeue', task]);
  if (!answer.ok) say(`scontrol could not requeue ${task}: ${answer.reason}. Submit again to go on.`);
}

/** Reads the counters, decides, and writes them before anything is done. */
async function recordStop(request: RequeueRequest, jobId: string, fileSystem: DurableFileSystem) {
  const path = restartsPath(request);
  const earlier = await fileSystem.readFile(path).then(parseRestarts, () => null);
  const durableBytes = await checkpointBytes(request, fileSystem);
  const { maxIdleRestarts } = request;
  const decision = decideRestart(earlier, { jobId, durableBytes, maxIdleRestarts, now: new Date() });
  await fileSystem.makeDirectory(dirname(path));
  await writeFileAtomically(fileSystem, path, Buffer.from(`${JSON.stringify(decision.restarts, null, 2)}\n`));
  return decision;
}

/** A run of one node, or of one job, has no folder for each node. */
function restartsPath({ runDirectory, nodeCount, nodeRank }: RequeueRequest): string {
  if (nodeRank === null || nodeCount === 1) return join(runDirectory, 'slurm', 'restarts.json');
  return join(dirname(nodePaths(runDirectory, nodeRank).lock), 'restarts.json');
}

async function checkpointBytes(
  { runDirectory, nodeRank, nodeCount }: RequeueRequest,
  fileSystem: DurableFileSystem,
): Promise<number> {
  const { checkpointDirectory } = runPaths(runDirectory);
  let bytes = 0;
  for (const name of await fileSystem.list(checkpointDirectory)) {
    const shardId = /^shard-(\d+)\.log$/.exec(name)?.[1];
    if (shardId === undefined) continue;
    const isOwn = nodeRank === null || ownsShard({ rank: nodeRank, count: nodeCount }, Number(shardId));
    if (!isOwn) continue;
    bytes += (await stat(join(checkpointDirectory, name)).catch(() => null))?.size ?? 0;
  }
  return bytes;
}

/** The running job, or its task of an array. @throws {UsageError} NOT_IN_A_JOB */
function taskOf(environment: NodeJS.ProcessEnv): string {
  const job = slurmJob(environment);
  if (job !== null) return job.jobId;
  throw new UsageError(
    'NOT_IN_A_JOB',
    'This is no Slurm job (SLURM_JOB_ID is not set). slurm requeue is called by the batch script; to go on by hand, submit again.',
  );
}
