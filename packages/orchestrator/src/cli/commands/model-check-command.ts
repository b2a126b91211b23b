import { EXIT_CODES, UsageError, type Precision } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import { environmentLayer, flagLayer, resolveSettings } from '../../config/layers.ts';
import type { RunOptionName, RunSettings } from '../../config/run-options.ts';
import type { Finish, RunContext } from '../../run/run-context.ts';
import { addRunOptions, restoreStdin } from './run-command.ts';

interface CheckArguments {
  readonly directory: string;
  readonly fasta: string[];
  readonly precision: Precision;
  readonly json: boolean;
  readonly [flag: string]: unknown;
}

/** Options of `run` that a check takes too. */
const SHARED_OPTIONS = [
  'device',
  'gpus',
  'workers',
  'threads-per-worker',
  'token-budget',
  'max-residues',
  'pooling',
] as const satisfies readonly RunOptionName[];

export function checkCommand(context: RunContext, finish: Finish): CommandModule<object, CheckArguments> {
  return {
    command: 'check <directory>',
    describe: 'compare packed, fp16 and int8 embeddings of given sequences with fp32, one sequence at a time',
    builder: (yargs) => buildOptions(yargs) as unknown as Argv<CheckArguments>,
    handler: async (argv) => {
      refuseStdin(argv.fasta);
      const { checkModel } = await import('../../check/check-model.ts');
      const { describeCheck } = await import('../../check/describe-check.ts');
      const check = await checkModel(argv.fasta, settingsOf(argv, context), context);
      context.stdout.write(argv.json ? `${JSON.stringify(check)}\n` : describeCheck(check));
      finish(check.isGood ? EXIT_CODES.complete : EXIT_CODES.unexpected);
    },
  };
}

function buildOptions(yargs: Argv): Argv {
  return addRunOptions(
    yargs
      .positional('directory', {
        type: 'string',
        demandOption: true,
        describe: 'HuggingFace directory, or "demo"',
      })
      .option('fasta', {
        type: 'string',
        array: true,
        demandOption: 'Say with which sequences: --fasta FILE.',
        requiresArg: true,
        describe: 'protein FASTA, as for run; some hundred sequences of all lengths will do',
      })
      .option('precision', {
        choices: ['fp16', 'int8', 'fp32'] as const,
        default: 'fp16',
        describe: 'fp16, for GPUs; int8, for CPUs; fp32: check the packing only',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print JSON' }),
    SHARED_OPTIONS,
  );
}

/** @throws {UsageError} STDIN_CHECKED */
function refuseStdin(fasta: readonly string[]): void {
  if (!fasta.some((path) => restoreStdin(path) === '-')) return;
  throw new UsageError(
    'STDIN_CHECKED',
    'A check reads its sequences three times, and standard input can be read once. Write them to a file for --fasta.',
  );
}

/** What the check itself decides wins over everything; then flags, then variables. */
function settingsOf(argv: CheckArguments, { environment }: RunContext): RunSettings {
  const decided = {
    model: argv.directory,
    precision: argv.precision,
    dtype: 'float32',
    'duplicate-ids': 'keep',
    'force-restart': false,
    'log-level': 'error',
    'num-nodes': 1,
    'node-rank': null,
    'metrics-port': null,
    'metrics-file': null,
    progress: false,
    json: false,
  };
  const shared = Object.fromEntries(SHARED_OPTIONS.map((name) => [name, argv[name]]));
  return resolveSettings([flagLayer(decided), flagLayer(shared), environmentLayer(environment)]);
}
