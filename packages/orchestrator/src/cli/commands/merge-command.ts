import type { Argv, CommandModule } from 'yargs';

import type { Finish, RunContext } from '../../run/run-context.ts';
import { addRunOptions } from './run-command.ts';

interface MergeArguments {
  readonly runDirectory: string;
  readonly partial: boolean;
  readonly [flag: string]: unknown;
}

/** Options of the run that matter to its merge. */
const MERGE_FLAGS = ['keep-checkpoints', 'space-check', 'log-level', 'progress', 'json'] as const;

export function mergeCommand(context: RunContext, finish: Finish): CommandModule<object, MergeArguments> {
  return {
    command: 'merge <run-directory>',
    describe: 'merge what several nodes computed, checking that nothing is missing',
    builder: (yargs) => buildMergeOptions(yargs) as unknown as Argv<MergeArguments>,
    handler: async ({ runDirectory, partial, ...flags }) => {
      const { mergeJob } = await import('../../run/merge-job.ts');
      finish(await mergeJob(runDirectory, { partial }, flags, context));
    },
  };
}

function buildMergeOptions(yargs: Argv): Argv {
  const parser = yargs
    .positional('run-directory', { type: 'string', demandOption: true, describe: 'RUN_DIR of the run' })
    .option('partial', {
      type: 'boolean',
      default: false,
      describe: 'Merge what is there into RUN_DIR/partial, even if shards are missing',
    });
  return addRunOptions(parser, MERGE_FLAGS);
}
