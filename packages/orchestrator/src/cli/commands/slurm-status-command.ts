import { EXIT_CODES } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import type { Finish, RunContext } from '../../run/run-context.ts';
import type { QueuedJob } from '../../slurm/job-queue.ts';
import type { RunStatus } from '../../status/run-status.ts';
import type { SlurmNodeStatus, SlurmStatus } from '../../slurm/slurm-status.ts';
import { nodeText, progressText, stateText } from './status-command.ts';

interface StatusArguments {
  readonly runDirectory: string;
  readonly json: boolean;
}

export function slurmStatusCommand(
  context: RunContext,
  finish: Finish,
): CommandModule<object, StatusArguments> {
  return {
    command: 'status <run-directory>',
    describe: 'where the jobs of a run are, and how far each node is',
    builder: (yargs) =>
      yargs
        .positional('run-directory', { type: 'string', demandOption: true, describe: 'RUN_DIR of the run' })
        .option('json', {
          type: 'boolean',
          default: false,
          describe: 'print JSON',
        }) as unknown as Argv<StatusArguments>,
    handler: async ({ runDirectory, json }) => {
      const { readSlurmStatus } = await import('../../slurm/slurm-status.ts');
      const status = await readSlurmStatus(context.fileSystem, runDirectory);
      context.stdout.write(json ? `${JSON.stringify(status)}\n` : describeStatus(status));
      finish(EXIT_CODES.complete);
    },
  };
}

function describeStatus(status: SlurmStatus): string {
  const { runDirectory, submission, queueProblem, run, nodes, merge } = status;
  const { jobId, mergeJobId } = submission;
  const lines: string[][] = [['run', runDirectory]];
  if (run === null) lines.push(['state', 'no node has begun']);
  else lines.push(['state', describeState(run, status)], ['progress', progressText(run)]);
  lines.push(['jobs', `${jobId}, merge ${mergeJobId ?? 'not submitted'}`]);
  if (queueProblem !== null) lines.push(['queue', `not known: ${queueProblem}`]);
  for (const node of nodes) lines.push([`node ${node.rank}`, describeNode(node)]);
  if (merge !== null) lines.push(['merge', describeJob(merge)]);
  return lines.map(([name = '', text = '']) => `${name.padEnd(10)}${text}\n`).join('');
}

/** Slurm goes on with what stopped, as long as its jobs are in the queue. */
function describeState(run: RunStatus, { nodes, merge, queueProblem, runDirectory }: SlurmStatus): string {
  if (run.state !== 'stopped' && run.state !== 'dead') return stateText(run);
  if (merge !== null || nodes.some(({ job }) => job !== null))
    return 'no node computes now; the jobs in the queue go on with it';
  if (queueProblem !== null) return stateText(run);
  return `${run.state}, and no job of it is in the queue: ${runDirectory}/slurm/slurm-*.out says why; submit it again to go on`;
}

function describeNode({ progress, job }: SlurmNodeStatus): string {
  const parts = [
    ...(progress === null ? [] : [job === null ? nodeText(progress) : nodeText(progress, {})]),
    ...(job === null ? [] : [describeJob(job)]),
  ];
  return parts.length === 0 ? 'no job in the queue' : parts.join(' · ');
}

function describeJob({ id, state, reason, nodes, elapsed }: QueuedJob): string {
  if (reason !== null) return `job ${id} ${state} (${reason})`;
  return `job ${id} ${state} on ${nodes} for ${elapsed}`;
}
