import type { Argv, CommandModule } from 'yargs';

import { environmentLayer, flagLayer, resolveSettings, type SettingsLayer } from '../../config/layers.ts';
import {
  RUN_OPTION_NAMES,
  RUN_OPTIONS,
  type RunOptionName,
  type RunSettings,
} from '../../config/run-options.ts';
import { translationSettings } from '../../config/translation-settings.ts';
import type { RunContext, Finish } from '../../run/run-context.ts';
import { addExamples } from './add-examples.ts';
import { addOptions } from './add-options.ts';

interface RunArguments {
  readonly fasta: string[];
  readonly out: string;
  readonly config: string | undefined;
  readonly [flag: string]: unknown;
}

/** yargs loses a positional "-", so it travels as a path that means the same. */
const STDIN_MARK = '/dev/stdin';

export function protectStdin(argument: string): string {
  return argument === '-' ? STDIN_MARK : argument;
}

export function restoreStdin(path: unknown): string {
  return path === STDIN_MARK ? '-' : String(path);
}

export function runCommand(context: RunContext, finish: Finish): CommandModule<object, RunArguments> {
  return {
    command: ['run <fasta..>', '$0 <fasta..>'],
    describe: 'embed FASTA files; on an unfinished RUN_DIR, go on where it stopped',
    builder: (yargs) => buildRunOptions(yargs) as Argv<RunArguments>,
    handler: async (argv) => {
      const settings = await settingsFrom(argv, argv.config, context.environment);
      const { runJob } = await import('../../run/run-job.ts');
      finish(await runJob(argv.fasta.map(restoreStdin), { runDirectory: argv.out, settings, context }));
    },
  };
}

/** @throws {UsageError} when any source sets something that is none, or a value that fits not */
export async function settingsFrom(
  flags: Readonly<Record<string, unknown>>,
  configFlag: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<RunSettings> {
  const configPath = configFlag ?? environment['VIRNUCPRO_CONFIG'];
  const layers: SettingsLayer[] = [flagLayer(flags), environmentLayer(environment)];
  if (configPath !== undefined) {
    const { readConfigFile } = await import('../../config/config-file.ts');
    layers.push(await readConfigFile(configPath));
  }
  const settings = resolveSettings(layers);
  // What does not fit together is said before anything is looked at.
  translationSettings(settings);
  return settings;
}

function buildRunOptions(yargs: Argv): Argv {
  const parser = yargs
    .positional('fasta', {
      describe: 'FASTA files, also gzipped, or directories of them; - is standard input',
      array: true,
      type: 'string',
      default: undefined,
    })
    .option('out', {
      alias: 'o',
      type: 'string',
      demandOption: 'Say where the results go: -o RUN_DIR.',
      requiresArg: true,
      describe: 'RUN_DIR: folder of results, logs and checkpoints; made if missing',
    })
    .option('config', {
      type: 'string',
      requiresArg: true,
      describe: 'YAML file with any of these options (flag > VIRNUCPRO_* variable > file > default)',
    });
  return addExamples(addRunOptions(parser), [
    ['$0 proteins.faa -o out', 'embed with the demo model, on the GPUs if there are any, else on CPU'],
    ['$0 proteins.faa.gz -o out --model esm2_t33_650M_UR50D --gpus 0,1,2,3', 'on four GPUs'],
    ['$0 proteins/ -o out --model esm2_t6_8M_UR50D --device cpu --workers 2', 'a folder of files, on CPU'],
    ['$0 contigs.fna.gz --translate --chunk 500 -o out', 'nucleotides: the open frames of their chunks'],
    ['$0 resume out', 'go on after a stop'],
  ]);
}

export function addRunOptions(yargs: Argv, names: readonly RunOptionName[] = RUN_OPTION_NAMES): Argv {
  return addOptions(yargs, RUN_OPTIONS, names);
}
