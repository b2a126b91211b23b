import { join } from 'node:path';

import { EXIT_CODES } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import type { Finish, RunContext } from '../../run/run-context.ts';
import { shellQuote } from '../../slurm/quote.ts';
import { PASSED_OPTIONS } from '../../slurm/run-arguments.ts';
import { SLURM_OPTION_NAMES, SLURM_OPTIONS, slurmSettingsFrom } from '../../slurm/slurm-options.ts';
import { submittedJobs, type Submission } from '../../slurm/submission.ts';
import { addExamples } from './add-examples.ts';
import { addOptions } from './add-options.ts';
import { addRunOptions, restoreStdin, settingsFrom } from './run-command.ts';

interface SubmitArguments {
  readonly fasta: string[];
  readonly out: string;
  readonly config: string | undefined;
  readonly [flag: string]: unknown;
}

export function slurmScriptCommand(
  context: RunContext,
  finish: Finish,
): CommandModule<object, SubmitArguments & { readonly part: 'run' | 'merge' }> {
  return {
    command: 'script <fasta..>',
    describe: 'print the batch script that submit would submit',
    builder: (yargs) =>
      buildOptions(yargs).option('part', {
        choices: ['run', 'merge'] as const,
        default: 'run',
        describe: 'the script that computes, or the one that merges and verifies',
      }) as unknown as Argv<SubmitArguments & { readonly part: 'run' | 'merge' }>,
    handler: async (argv) => {
      const { batchScripts } = await import('../../slurm/batch-scripts.ts');
      const request = await requestFrom(argv, context);
      const scripts = await batchScripts(request);
      // Slurm makes no folder for a job's output: without this one the job fails before its first line, and silently.
      await context.fileSystem.makeDirectory(join(request.runDirectory, 'slurm'));
      context.stdout.write(scripts[argv.part]);
      finish(EXIT_CODES.complete);
    },
  };
}

export function slurmSubmitCommand(
  context: RunContext,
  finish: Finish,
): CommandModule<object, SubmitArguments & { readonly json: boolean }> {
  return {
    command: 'submit <fasta..>',
    describe: 'submit a run to Slurm, and the merge of its parts behind it',
    builder: (yargs) =>
      addExamples(
        buildOptions(yargs).option('json', { type: 'boolean', default: false, describe: 'print JSON' }),
        [
          [
            '$0 slurm submit proteins.faa.gz -o out --model esm2_t33_650M_UR50D --gpus-per-node 4',
            'one node with four GPUs',
          ],
        ],
      ) as unknown as Argv<SubmitArguments & { readonly json: boolean }>,
    handler: async (argv) => {
      const request = await requestFrom(argv, context);
      const { submitRun } = await import('../../slurm/submit.ts');
      const submission = await submitRun(request, context.fileSystem, () => new Date());
      context.stdout.write(
        argv.json
          ? `${JSON.stringify({ runDirectory: request.runDirectory, ...submission })}\n`
          : describeSubmission(request.runDirectory, submission),
      );
      finish(EXIT_CODES.complete);
    },
  };
}

async function requestFrom(argv: SubmitArguments, { environment, programEntry }: RunContext) {
  const configPath = argv.config ?? environment['VIRNUCPRO_CONFIG'];
  const { scriptRequest } = await import('../../slurm/script-request.ts');
  return scriptRequest({
    fasta: argv.fasta.map(restoreStdin),
    runDirectory: argv.out,
    runSettings: await settingsFrom(argv, argv.config, environment),
    slurmSettings: await slurmSettingsFrom(argv, configPath, environment),
    programEntry,
  });
}

function buildOptions(yargs: Argv): Argv {
  const parser = yargs
    .positional('fasta', {
      describe: 'FASTA files, also gzipped, or directories of them, where the nodes can read them',
      array: true,
      type: 'string',
      default: undefined,
    })
    .option('out', {
      alias: 'o',
      type: 'string',
      demandOption: 'Say where the results go: -o RUN_DIR.',
      requiresArg: true,
      describe: 'RUN_DIR, on a file system that the nodes share',
    })
    .option('config', {
      type: 'string',
      requiresArg: true,
      describe: 'YAML file with options of run, and these below "slurm:"',
    });
  return addRunOptions(addOptions(parser, SLURM_OPTIONS, SLURM_OPTION_NAMES), PASSED_OPTIONS);
}

function describeSubmission(runDirectory: string, submission: Submission): string {
  const { jobId, mergeJobId, mode, nodes } = submission;
  const what = `${nodes} node${nodes === 1 ? '' : 's'}, ${mode === 'array' ? 'a task each' : 'at once'}`;
  return [
    ['job', `${jobId} (${what})`],
    ['merge', `${mergeJobId ?? '-'} (starts when all are done)`],
    ['status', `virnucpro-orchestrate slurm status ${shellQuote(runDirectory)}`],
    ['cancel', `scancel ${submittedJobs(submission).join(' ')}`],
    ['output', `${runDirectory}/slurm/slurm-*.out`],
  ]
    .map(([name = '', text = '']) => `${name.padEnd(10)}${text}\n`)
    .join('');
}
