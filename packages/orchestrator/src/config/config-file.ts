import { readFile } from 'node:fs/promises';

import { UsageError } from '@virnucpro/protocol';
import { parseDocument } from 'yaml';

import type { SettingsLayer } from './layers.ts';
import { RUN_OPTION_NAMES } from './run-options.ts';

/** Key of the options of `slurm script` and `slurm submit`, which a run passes over. */
const SLURM_SECTION = 'slurm';

/**
 * Reads a YAML file whose keys are the options of `run`, without their dashes in front.
 *
 * @throws {UsageError} CONFIG_UNREADABLE, CONFIG_INVALID (with line and column), UNKNOWN_SETTING
 */
export async function readConfigFile(path: string): Promise<SettingsLayer> {
  const values = await readMapping(path);
  refuseUnknown(path, values, [...RUN_OPTION_NAMES, SLURM_SECTION]);
  return { values, nameOf: (option) => `"${option}" in ${path}` };
}

/**
 * Reads the section `slurm:` of the same file; empty when it has none.
 *
 * @param names the options that may stand there
 * @throws {UsageError} as readConfigFile
 */
export async function readSlurmSection(
  path: string,
  names: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const { [SLURM_SECTION]: section = {} } = await readMapping(path);
  const values = asMapping(section, `The section "${SLURM_SECTION}" of ${path}`);
  refuseUnknown(path, values, names);
  return values;
}

async function readMapping(path: string): Promise<Readonly<Record<string, unknown>>> {
  const document = parseDocument(await readText(path), { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new UsageError(
      'CONFIG_INVALID',
      `The configuration file ${path} is not YAML: ${error.message.trim()}`,
    );
  }
  return asMapping(document.toJS() ?? {}, `The configuration file ${path}`);
}

function asMapping(content: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return { ...content };
  throw new UsageError('CONFIG_INVALID', `${what} must be a list of "option: value" lines.`);
}

function refuseUnknown(path: string, values: object, names: readonly string[]): void {
  const unknown = Object.keys(values).filter((key) => !names.includes(key));
  if (unknown.length === 0) return;
  throw new UsageError(
    'UNKNOWN_SETTING',
    `The configuration file ${path} sets ${unknown.map((key) => `"${key}"`).join(', ')}, which no option is called. ` +
      `Known: ${names.join(', ')}.`,
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('CONFIG_UNREADABLE', `The configuration file ${path} cannot be read: ${reason}.`);
  }
}
