import { UsageError } from '@virnucpro/protocol';
import * as z from 'zod';

import { resolveOptions, SLURM_ENVIRONMENT_PREFIX, type OptionLayer } from '../config/layers.ts';
import { integer, option, type RunOption } from '../config/option.ts';

const ALLOCATION = 'What to ask Slurm for:';
const SCRIPT = 'What the script does:';

/** One line: it becomes a line of the script, or a part of one. */
const line = z.string('expected text').regex(/^[^\n\r\0]+$/, 'expected one line of text');
const lines = z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(line));

/** Numbers come from YAML as such: `time: 60`, `mem: 64000`. */
const word = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z
    .string('expected text')
    .regex(/^[^\s"'\\]+$/, 'expected one word without quotes')
    .nullable(),
);

/** A name that sbatch has too means the same there. */
const request = (describe: string, value: string, defaultDescription = 'what the cluster gives') =>
  option({ schema: word, default: null, describe, group: ALLOCATION, value, defaultDescription });

/** Options of `slurm script` and `slurm submit`: flag, VIRNUCPRO_SLURM_ variable, key below `slurm:` in the file. */
export const SLURM_OPTIONS = {
  nodes: option({
    schema: integer(1),
    default: 1,
    describe: 'Nodes that share the run',
    group: ALLOCATION,
    value: 'N',
  }),
  'gpus-per-node': option({
    schema: integer(0),
    default: 0,
    describe: 'GPUs on each node, one worker each; 0: compute on the CPU',
    group: ALLOCATION,
    value: 'G',
  }),
  'cpus-per-task': option({
    schema: integer(1).nullable(),
    default: null,
    describe: 'CPU cores on each node',
    group: ALLOCATION,
    value: 'C',
    defaultDescription: '4 for each GPU',
  }),
  mem: request('Memory on each node', '64G'),
  time: request('Time limit; a run that reaches it goes back to the queue and goes on', '4:00:00'),
  partition: request('Partition', 'NAME'),
  account: request('Account that is charged', 'NAME'),
  qos: request('Quality of service', 'NAME'),
  constraint: request('Features that the nodes must have', 'NAME'),
  'job-name': request('Name in the queue', 'NAME', 'virnucpro'),
  sbatch: option({
    schema: lines,
    default: [],
    describe: 'One more option for sbatch, with a =: --sbatch=--exclusive; can be given again',
    group: ALLOCATION,
    value: 'OPTION',
    repeats: true,
    defaultDescription: 'none',
  }),
  'merge-partition': request('Partition of the merge job, which needs no GPU', 'NAME', 'as --partition'),
  'merge-time': request('Time limit of the merge job', '1:00:00'),
  'merge-mem': request('Memory of the merge job', '8G', '4G'),
  mode: option({
    schema: z.enum(['array', 'job'], 'expected array or job'),
    default: 'array',
    describe: 'A job array with one node per task, or one job over all nodes, which starts when all are free',
    group: SCRIPT,
    value: 'array|job',
  }),
  setup: option({
    schema: lines,
    default: [],
    describe: 'Shell line before the run, as "module load cuda"; can be given again',
    group: SCRIPT,
    value: '"LINE"',
    repeats: true,
    defaultDescription: 'none',
  }),
  container: option({
    schema: line.nullable(),
    default: null,
    describe: 'Apptainer image to compute in: it has node and the CUDA libraries',
    group: SCRIPT,
    value: 'IMAGE',
    defaultDescription: 'none',
  }),
  'max-idle-restarts': option({
    schema: integer(0),
    default: 3,
    describe: 'Restarts in a row without a new result after which it is given up',
    group: SCRIPT,
    value: 'N',
  }),
} as const satisfies Record<string, RunOption>;

export type SlurmOptionName = keyof typeof SLURM_OPTIONS;

export type SlurmSettings = {
  readonly [Name in SlurmOptionName]: z.infer<(typeof SLURM_OPTIONS)[Name]['schema']>;
};

export const SLURM_OPTION_NAMES = Object.keys(SLURM_OPTIONS) as SlurmOptionName[];

/** @throws {UsageError} when any source sets something that is none, or a value that fits not */
export async function slurmSettingsFrom(
  flags: Readonly<Record<string, unknown>>,
  configPath: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<SlurmSettings> {
  const layers = [flagValues(flags), variables(environment)];
  if (configPath !== undefined) {
    const { readSlurmSection } = await import('../config/config-file.ts');
    const values = await readSlurmSection(configPath, SLURM_OPTION_NAMES);
    layers.push({ values, nameOf: (name) => `"slurm: ${name}" in ${configPath}` });
  }
  return resolveOptions(SLURM_OPTIONS, layers);
}

function flagValues(flags: Readonly<Record<string, unknown>>): OptionLayer<SlurmOptionName> {
  const set = SLURM_OPTION_NAMES.filter((name) => flags[name] !== undefined);
  return {
    values: Object.fromEntries(set.map((name) => [name, flags[name]])),
    nameOf: (name) => `--${name}`,
  };
}

function variableName(option: SlurmOptionName): string {
  return SLURM_ENVIRONMENT_PREFIX + option.toUpperCase().replaceAll('-', '_');
}

/** @throws {UsageError} UNKNOWN_VARIABLE */
function variables(environment: NodeJS.ProcessEnv): OptionLayer<SlurmOptionName> {
  const optionOf = new Map(SLURM_OPTION_NAMES.map((name) => [variableName(name), name]));
  const values: Partial<Record<SlurmOptionName, unknown>> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(SLURM_ENVIRONMENT_PREFIX)) continue;
    const option = optionOf.get(variable);
    if (option === undefined) {
      throw new UsageError(
        'UNKNOWN_VARIABLE',
        `The environment variable ${variable} sets no option. Known: ${[...optionOf.keys()].join(', ')}.`,
      );
    }
    values[option] = value;
  }
  return { values, nameOf: variableName };
}
