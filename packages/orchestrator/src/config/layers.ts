import { UsageError } from '@virnucpro/protocol';
import type * as z from 'zod';

import type { RunOption } from './option.ts';
import { RUN_OPTION_NAMES, RUN_OPTIONS, type RunOptionName, type RunSettings } from './run-options.ts';

/** Values from one source, not checked yet; only the options that it sets. */
export interface OptionLayer<Name extends string> {
  readonly values: Readonly<Partial<Record<Name, unknown>>>;
  /** How the person who set it would name the option there: `--workers`, `VIRNUCPRO_WORKERS`. */
  readonly nameOf: (option: Name) => string;
}

export type SettingsLayer = OptionLayer<RunOptionName>;

export const ENVIRONMENT_PREFIX = 'VIRNUCPRO_';

/** Variables of `slurm script` and `slurm submit`, which check them. */
export const SLURM_ENVIRONMENT_PREFIX = `${ENVIRONMENT_PREFIX}SLURM_`;

/** Variables that are the program's but set no option of `run`. */
const OTHER_VARIABLES = new Set(['VIRNUCPRO_CACHE_DIR', 'VIRNUCPRO_CONFIG', 'VIRNUCPRO_PROTEINS_ONLY']);

export function environmentName(option: string): string {
  return ENVIRONMENT_PREFIX + option.toUpperCase().replaceAll('-', '_');
}

/** @throws {UsageError} UNKNOWN_VARIABLE for a VIRNUCPRO_ variable that sets nothing: most likely a typo */
export function environmentLayer(environment: NodeJS.ProcessEnv): SettingsLayer {
  const optionOf = new Map(RUN_OPTION_NAMES.map((name) => [environmentName(name), name]));
  const values: Partial<Record<RunOptionName, unknown>> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(ENVIRONMENT_PREFIX) || variable.startsWith(SLURM_ENVIRONMENT_PREFIX)) continue;
    if (OTHER_VARIABLES.has(variable)) continue;
    const option = optionOf.get(variable);
    if (option === undefined) {
      throw new UsageError(
        'UNKNOWN_VARIABLE',
        `The environment variable ${variable} sets no option. Known: ${[...optionOf.keys(), ...OTHER_VARIABLES].join(', ')}.`,
      );
    }
    values[option] = value;
  }
  return { values, nameOf: environmentName };
}

export function flagLayer(flags: Readonly<Record<string, unknown>>): SettingsLayer {
  const set = RUN_OPTION_NAMES.filter((name) => flags[name] !== undefined);
  return {
    values: Object.fromEntries(set.map((name) => [name, flags[name]])),
    nameOf: (name) => `--${name}`,
  };
}

/**
 * Merges the layers; an earlier one wins. What none sets has its default.
 *
 * @throws {UsageError} INVALID_SETTING naming the source, the option and the value seen
 */
export function resolveSettings(layers: readonly SettingsLayer[]): RunSettings {
  return resolveOptions(RUN_OPTIONS, layers);
}

/** The same for any table of options. @throws {UsageError} INVALID_SETTING */
export function resolveOptions<Table extends Readonly<Record<string, RunOption>>>(
  table: Table,
  layers: readonly OptionLayer<keyof Table & string>[],
): { readonly [Name in keyof Table]: z.infer<Table[Name]['schema']> } {
  const names: (keyof Table & string)[] = Object.keys(table);
  const settings = names.map((name) => [name, resolveOption(table[name] as RunOption, name, layers)]);
  return Object.freeze(Object.fromEntries(settings)) as {
    readonly [Name in keyof Table]: z.infer<Table[Name]['schema']>;
  };
}

function resolveOption<Name extends string>(
  option: RunOption,
  name: Name,
  layers: readonly OptionLayer<Name>[],
): unknown {
  const layer = layers.find(({ values }) => values[name] !== undefined);
  if (layer === undefined) return option.default;
  const value = layer.values[name];
  const result = option.schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ message }) => message).join('; ');
  throw new UsageError('INVALID_SETTING', `${layer.nameOf(name)} is ${JSON.stringify(value)}: ${problems}.`);
}
