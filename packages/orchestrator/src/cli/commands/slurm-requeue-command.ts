import { UsageError } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import type { Finish, RunContext } from '../../run/run-context.ts';

interface RequeueArguments {
  readonly runDirectory: string;
  readonly numNodes: string;
  readonly nodeRank: string | undefined;
  readonly maxIdleRestarts: string;
}

export function slurmRequeueCommand(
  context: RunContext,
  finish: Finish,
): CommandModule<object, RequeueArguments> {
  return {
    command: 'requeue <run-directory>',
    describe: 'in a batch script, after exit code 75: back into the queue, if it gets any further there',
    builder: (yargs) =>
      yargs
        .positional('run-directory', { type: 'string', demandOption: true, describe: 'RUN_DIR of the run' })
        .option('num-nodes', { type: 'string', demandOption: true, requiresArg: true, describe: 'N of run' })
        .option('node-rank', {
          type: 'string',
          requiresArg: true,
          describe: 'K of run; without it the job holds all nodes',
        })
        .option('max-idle-restarts', {
          type: 'string',
          default: '3',
          requiresArg: true,
          describe: 'restarts in a row without a new result',
        }) as unknown as Argv<RequeueArguments>,
    handler: async ({ runDirectory, numNodes, nodeRank, maxIdleRestarts }) => {
      const request = {
        runDirectory,
        nodeCount: wholeNumber('--num-nodes', numNodes, 1),
        nodeRank: nodeRank === undefined ? null : wholeNumber('--node-rank', nodeRank, 0),
        maxIdleRestarts: wholeNumber('--max-idle-restarts', maxIdleRestarts, 0),
      };
      const { requeueStopped } = await import('../../slurm/requeue.ts');
      finish(await requeueStopped(request, context));
    },
  };
}

/** @throws {UsageError} INVALID_SETTING */
function wholeNumber(option: string, value: string, min: number): number {
  if (/^\d+$/.test(value) && Number(value) >= min) return Number(value);
  throw new UsageError('INVALID_SETTING', `${option} is "${value}": expected a whole number from ${min}.`);
}
