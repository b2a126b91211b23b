import type { Argv, CommandModule } from 'yargs';

import { resumeJob } from '../../run/resume-job.ts';
import type { RunContext, Finish } from '../../run/run-context.ts';

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
    handler: async (argv) => finish(await resumeJob(argv.runDirectory, argv, context)),
  };
}

function buildResumeOptions(yargs: Argv): Argv {
  return yargs
    .positional('run-directory', { type: 'string', demandOption: true, describe: 'RUN_DIR of the run' })
    .option('device', {
      type: 'string',
      requiresArg: true,
      describe: 'auto|cuda|cpu, in place of the first choice',
    })
    .option('gpus', { type: 'string', requiresArg: true, describe: 'other GPUs than before' })
    .option('workers', { type: 'string', requiresArg: true, describe: 'another number of CPU workers' })
    .option('loader-threads', {
      type: 'string',
      requiresArg: true,
      describe: 'another number of loader threads',
    })
    .option('log-level', { type: 'string', requiresArg: true, describe: 'error|warn|info|debug' })
    .option('progress', { type: 'boolean', describe: 'progress bars or lines; --no-progress: neither' })
    .option('metrics-port', { type: 'string', requiresArg: true, describe: 'port of GET /metrics' })
    .option('metrics-host', { type: 'string', requiresArg: true, describe: 'address of that port' })
    .option('metrics-file', {
      type: 'string',
      requiresArg: true,
      describe: 'file for the textfile collector',
    })
    .option('hang-timeout', { type: 'string', requiresArg: true, describe: 'auto|SEC' })
    .option('space-check', {
      type: 'boolean',
      describe: '--no-space-check: go on without room for the results',
    })
    .option('keep-checkpoints', { type: 'boolean', describe: 'keep the checkpoint logs after the merge' })
    .option('json', { type: 'boolean', describe: 'JSON lines on standard output' });
}
