import { dirname, join } from 'node:path';

import { UsageError } from '@virnucpro/protocol';

import { sbatchQuote, shellQuote } from './quote.ts';
import type { SlurmSettings } from './slurm-options.ts';
import { fillTemplate, readTemplate } from './template.ts';

/** What a batch script is made of; every path is absolute. */
export interface ScriptRequest {
  readonly runDirectory: string;
  readonly inputs: readonly string[];
  /** Flags of `run`, checked. */
  readonly runArguments: readonly string[];
  /** Folders beside those of the inputs that the run reads, as the model's. */
  readonly folders: readonly string[];
  readonly settings: SlurmSettings;
  readonly program: { readonly node: string; readonly entry: string; readonly root: string };
}

export interface BatchScripts {
  readonly run: string;
  readonly merge: string;
}

const CPUS_PER_GPU = 4;
/** Before the time limit: a drain takes a few seconds, but Slurm is late by up to a minute. */
const SIGNAL_SECONDS = 120;
const MERGE_CPUS = 2;
const DEFAULT_NAME = 'virnucpro';

/** @throws {UsageError} UNQUOTABLE, RUN_DIRECTORY_PATTERN */
export async function batchScripts(request: ScriptRequest): Promise<BatchScripts> {
  refusePattern(request.runDirectory);
  return {
    run: fillTemplate(await readTemplate('run.sh'), runPlaces(request)),
    merge: fillTemplate(await readTemplate('merge.sh'), mergePlaces(request)),
  };
}

/** Slurm replaces parts of output file names, and knows no way to write a "%" that stays. */
function refusePattern(runDirectory: string): void {
  if (!/[%\\]/.test(runDirectory)) return;
  throw new UsageError(
    'RUN_DIRECTORY_PATTERN',
    `RUN_DIR is ${runDirectory}: Slurm takes "%" and "\\" in it for patterns. Choose another with -o.`,
  );
}

function runPlaces(request: ScriptRequest): Record<string, string> {
  const { settings, program, runDirectory } = request;
  const isArray = settings.mode === 'array';
  const nodes = String(settings.nodes);
  const compute = [...container(request), ...toolOf(request)];
  return {
    nodes,
    what: isArray ? 'a job array, one task per node' : 'one job, one task per node',
    sbatch: sbatchLines(runRequests(request), settings.sbatch),
    run_directory: shellQuote(runDirectory),
    arguments: words([...request.inputs, '-o', runDirectory, ...request.runArguments]),
    setup: settings.setup.join('\n'),
    tool: words([program.node, program.entry]),
    compute: words(compute),
    rank: isArray ? '--node-rank "$SLURM_ARRAY_TASK_ID"' : '',
    launch: isArray
      ? `"\${compute[@]}" run "\${arguments[@]}" --num-nodes ${nodes} "\${rank[@]}"`
      : // srun takes no --cpus-per-task from its job (since 22.05), and must let the others end when one stops.
        `srun --kill-on-bad-exit=0 --wait=0 --cpus-per-task=${cpusPerTask(settings)} \\\n` +
        `  "\${compute[@]}" run "\${arguments[@]}" --num-nodes ${nodes}`,
    max_idle_restarts: String(settings['max-idle-restarts']),
  };
}

function mergePlaces(request: ScriptRequest): Record<string, string> {
  const { settings, program, runDirectory } = request;
  return {
    sbatch: sbatchLines(mergeRequests(request), []),
    setup: settings.setup.join('\n'),
    tool: words([program.node, program.entry]),
    run_directory: shellQuote(runDirectory),
  };
}

type Requests = readonly (readonly [name: string, value: string | null])[];

function runRequests({ settings, runDirectory }: ScriptRequest): Requests {
  const isArray = settings.mode === 'array';
  const gpus = settings['gpus-per-node'];
  return [
    ['job-name', settings['job-name'] ?? DEFAULT_NAME],
    ...(isArray ? [['array', `0-${settings.nodes - 1}`] as const] : []),
    ['nodes', isArray ? '1' : String(settings.nodes)],
    ['ntasks-per-node', '1'],
    ['cpus-per-task', String(cpusPerTask(settings))],
    ['gpus-per-node', gpus === 0 ? null : String(gpus)],
    ['mem', settings.mem],
    ['time', settings.time],
    ['partition', settings.partition],
    ['account', settings.account],
    ['qos', settings.qos],
    ['constraint', settings.constraint],
    ['output', join(runDirectory, 'slurm', isArray ? 'slurm-%A_%a.out' : 'slurm-%j.out')],
    ['open-mode', 'append'],
    ['signal', `B:USR1@${SIGNAL_SECONDS}`],
    ['requeue', ''],
  ];
}

function mergeRequests({ settings, runDirectory }: ScriptRequest): Requests {
  return [
    ['job-name', `${settings['job-name'] ?? DEFAULT_NAME}-merge`],
    ['nodes', '1'],
    ['ntasks', '1'],
    ['cpus-per-task', String(MERGE_CPUS)],
    ['mem', settings['merge-mem'] ?? '4G'],
    ['time', settings['merge-time']],
    ['partition', settings['merge-partition'] ?? settings.partition],
    ['account', settings.account],
    ['qos', settings['merge-partition'] === null ? settings.qos : null],
    ['output', join(runDirectory, 'slurm', 'slurm-%j-merge.out')],
    ['open-mode', 'append'],
    ['requeue', ''],
  ];
}

function sbatchLines(requests: Requests, more: readonly string[]): string {
  const own = requests.flatMap(([name, value]) =>
    value === null ? [] : [`--${name}${value === '' ? '' : `=${sbatchQuote(value)}`}`],
  );
  return [...own, ...more].map((option) => `#SBATCH ${option}`).join('\n');
}

function cpusPerTask(settings: SlurmSettings): number {
  return settings['cpus-per-task'] ?? CPUS_PER_GPU * Math.max(1, settings['gpus-per-node']);
}

function toolOf({ settings, program }: ScriptRequest): string[] {
  return [settings.container === null ? program.node : 'node', program.entry];
}

/** Apptainer shows the home folder and the current one; all else must be named. */
function container({ settings, program, runDirectory, inputs, folders }: ScriptRequest): string[] {
  if (settings.container === null) return [];
  const shown = new Set([program.root, runDirectory, ...inputs.map((path) => dirname(path)), ...folders]);
  const odd = [...shown].find((path) => /[,:]/.test(path));
  if (odd !== undefined) {
    throw new UsageError('UNQUOTABLE', `${odd} holds "," or ":", which Apptainer cannot bind. Rename it.`);
  }
  return ['apptainer', 'exec', '--nv', '--bind', [...shown].join(','), settings.container];
}

/** Elements of a bash array. */
function words(values: readonly string[]): string {
  return values.map(shellQuote).join(' ');
}
