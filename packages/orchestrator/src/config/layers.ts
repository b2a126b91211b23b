import { UsageError } from '@virnucpro/protocol';
import type { z } from 'zod';

import { RUN_OPTION_NAMES, RUN_OPTIONS, type RunOptionName, type RunSettings } from './run-options.ts';

/** Values from one source, not checked yet; only the options that it sets. */
export interface SettingsLayer {
  readonly values: Readonly<Partial<Record<RunOptionName, unknown>>>;
  /** How the person who set it would name the option there: `--workers`, `VIRNUCPRO_WORKERS`. */
  readonly nameOf: (option: RunOptionName) => string;
}

export const ENVIRONMENT_PREFIX = 'VIRNUCPRO_';

/** Variables that are the program's but set no option of `run`. */
const OTHER_VARIABLES = new Set(['VIRNUCPRO_CACHE_DIR', 'VIRNUCPRO_CONFIG']);

export function environmentName(option: RunOptionName): string {
  return ENVIRONMENT_PREFIX + option.toUpperCase().replaceAll('-', '_');
}

/** @throws {UsageError} UNKNOWN_VARIABLE for a VIRNUCPRO_ variable that sets nothing: most likely a typo */
export function environmentLayer(environment: NodeJS.ProcessEnv): SettingsLayer {
  const optionOf = new Map(RUN_OPTION_NAMES.map((name) => [environmentName(name), name]));
  const values: Partial<Record<RunOptionName, unknown>> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(ENVIRONMENT_PREFIX) || OTHER_VARIABLES.has(variable)) continue;
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
  const settings = Object.fromEntries(RUN_OPTION_NAMES.map((name) => [name, resolveOption(name, layers)]));
  return Object.freeze(settings) as RunSettings;
}

function resolveOption(name: RunOptionName, layers: readonly SettingsLayer[]): unknown {
  const layer = layers.find(({ values }) => values[name] !== undefined);
  if (layer === undefined) return RUN_OPTIONS[name].default;
  const value = layer.values[name];
  const result = (RUN_OPTIONS[name].schema as z.ZodType).safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ message }) => message).join('; ');
  throw new UsageError('INVALID_SETTING', `${layer.nameOf(name)} is ${JSON.stringify(value)}: ${problems}.`);
}
