import { resolve } from 'node:path';

import { UsageError } from '@virnucpro/protocol';

import type { RunOption } from '../config/option.ts';
import {
  RUN_OPTION_NAMES,
  RUN_OPTIONS,
  type RunOptionName,
  type RunSettings,
} from '../config/run-options.ts';
import { checkConflicts } from '../devices/resolve-devices.ts';
import type { SlurmSettings } from './slurm-options.ts';

/** The script decides which node is which; and what throws work away must not be said again at every restart. */
const NOT_PASSED: ReadonlySet<string> = new Set(['num-nodes', 'node-rank', 'force-restart', 'json']);

/** The options of `run` that `slurm script` and `slurm submit` take too. */
export const PASSED_OPTIONS = RUN_OPTION_NAMES.filter((name) => !NOT_PASSED.has(name));

/**
 * The flags of `run` in a batch script: those that differ from the defaults, with absolute paths. Pure but for the
 * current directory.
 *
 * @throws {UsageError} DEVICE_CONFLICT, PRECISION_FOR_CPU, SHARED_METRICS_FILE, INVALID_SETTING
 */
export function runArguments(settings: RunSettings, slurm: SlurmSettings): string[] {
  if (settings['force-restart']) {
    throw new UsageError(
      'INVALID_SETTING',
      'force-restart does not go with Slurm: every restart of a node would throw the work away. Use a new RUN_DIR.',
    );
  }
  if (settings['metrics-file'] !== null && slurm.nodes > 1) {
    throw new UsageError(
      'SHARED_METRICS_FILE',
      `--metrics-file ${settings['metrics-file']}: ${slurm.nodes} nodes would write the same file. Use --metrics-port.`,
    );
  }
  const chosen = { ...settings, ...deviceOf(settings, slurm), ...absolutePaths(settings) };
  checkConflicts(chosen);
  return PASSED_OPTIONS.flatMap((name) => flagsOf(name, chosen[name]));
}

/** What was asked of Slurm is what must be used: a broken GPU is an error then, and no reason for days on a CPU. */
function deviceOf(
  { device, gpus }: RunSettings,
  slurm: SlurmSettings,
): Partial<Pick<RunSettings, 'device' | 'gpus'>> {
  const wanted = slurm['gpus-per-node'];
  if (wanted === 0 && (device === 'cuda' || gpus !== null)) {
    throw new UsageError(
      'DEVICE_CONFLICT',
      `${gpus === null ? '--device cuda' : `--gpus ${gpus}`} needs GPUs from Slurm. Say how many: --gpus-per-node N.`,
    );
  }
  if (device !== 'auto' || gpus !== null) return {};
  return wanted === 0 ? { device: 'cpu' } : { gpus: 'all' };
}

function absolutePaths(settings: RunSettings): Partial<RunSettings> {
  const { model, 'metrics-file': metricsFile } = settings;
  return {
    model: model === 'demo' ? model : resolve(model),
    'metrics-file': metricsFile === null ? null : resolve(metricsFile),
  };
}

function flagsOf(name: RunOptionName, value: RunSettings[RunOptionName]): string[] {
  const { default: fallback }: RunOption = RUN_OPTIONS[name];
  if (value === fallback || value === null) return [];
  if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
  return [`--${name}`, String(value)];
}
