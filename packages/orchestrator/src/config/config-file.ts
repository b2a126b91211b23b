import { readFile } from 'node:fs/promises';

import { UsageError } from '@virnucpro/protocol';
import { parseDocument } from 'yaml';

import type { SettingsLayer } from './layers.ts';
import { RUN_OPTION_NAMES } from './run-options.ts';

/**
 * Reads a YAML file whose keys are the options of `run`, without their dashes in front.
 *
 * @throws {UsageError} CONFIG_UNREADABLE, CONFIG_INVALID (with line and column), UNKNOWN_SETTING
 */
export async function readConfigFile(path: string): Promise<SettingsLayer> {
  const document = parseDocument(await readText(path), { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new UsageError(
      'CONFIG_INVALID',
      `The configuration file ${path} is not YAML: ${error.message.trim()}`,
    );
  }
  const content: unknown = document.toJS() ?? {};
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UsageError(
      'CONFIG_INVALID',
      `The configuration file ${path} must be a list of "option: value" lines.`,
    );
  }
  const known = new Set<string>(RUN_OPTION_NAMES);
  const unknown = Object.keys(content).filter((key) => !known.has(key));
  if (unknown.length > 0) {
    throw new UsageError(
      'UNKNOWN_SETTING',
      `The configuration file ${path} sets ${unknown.map((key) => `"${key}"`).join(', ')}, which no option is called. ` +
        `Known: ${RUN_OPTION_NAMES.join(', ')}.`,
    );
  }
  return {
    values: content,
    nameOf: (option) => `"${option}" in ${path}`,
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('CONFIG_UNREADABLE', `The configuration file ${path} cannot be read: ${reason}.`);
  }
}
