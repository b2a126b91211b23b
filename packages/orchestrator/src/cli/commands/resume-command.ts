import type { Argv, CommandModule } from 'yargs';

import type { RunContext, Finish } from '../../run/run-context.ts';
import { addRunOptions } from './run-command.ts';

interface ResumeArguments {
  readonly runDirectory: string;
  readonly [flag: string]: unknown;
}

/** Options that may change from one part of a run to the next: none of them changes an output byte. */
export const RESUME_FLAGS = [
  'device',
  'gpus',
  'workers',
  'loader-threads',
  'log-level',
  'progress',
  'space-check',
  'hang-timeout',
  'num-nodes',
  'node-rank',
  'keep-checkpoints',
  'metrics-port',
  'metrics-host',
  'metrics-file',
  'json',
] as const;

export function resumeCommand(context: RunContext, finish: Finish): CommandModule<object, ResumeArguments> {
  return {
    command: 'resume <run-directory>',
    describe: 'go on with an unfinished run, with the inputs and settings it was started with',
    builder: (yargs) => buildResumeOptions(yargs) as unknown as Argv<ResumeArguments>,
    handler: async (argv) => {
      const { resumeJob } = await import('../../run/resume-job.ts');
      finish(await resumeJob(argv.runDirectory, argv, context));
    },
  };
}

function buildResumeOptions(yargs: Argv): Argv {
  const parser = yargs.positional('run-directory', {
    type: 'string',
    demandOption: true,
    describe: 'RUN_DIR of the run',
  });
  return addRunOptions(parser, RESUME_FLAGS);
}
