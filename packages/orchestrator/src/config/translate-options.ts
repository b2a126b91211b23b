import type * as z from 'zod';

import { environmentName, resolveOptions, type OptionLayer } from './layers.ts';
import { boolean, option, type RunOption } from './option.ts';

/** Options of `translate` alone: flag and VIRNUCPRO_ variable. */
export const TRANSLATE_OPTIONS = {
  'proteins-only': option({
    schema: boolean,
    default: false,
    describe:
      'Write only PREFIX_identified_protein.faa, which is what is embedded; the same bytes, in less time',
    group: 'Translation:',
  }),
} as const satisfies Record<string, RunOption>;

type TranslateOptionName = keyof typeof TRANSLATE_OPTIONS;

export type TranslateOptions = {
  readonly [Name in TranslateOptionName]: z.infer<(typeof TRANSLATE_OPTIONS)[Name]['schema']>;
};

/** @throws {UsageError} INVALID_SETTING */
export function translateOptionsFrom(
  flags: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
): TranslateOptions {
  const layers: readonly OptionLayer<TranslateOptionName>[] = [
    { values: { 'proteins-only': flags['proteins-only'] }, nameOf: (name) => `--${name}` },
    {
      values: { 'proteins-only': environment[environmentName('proteins-only')] },
      nameOf: environmentName,
    },
  ];
  return resolveOptions(TRANSLATE_OPTIONS, layers);
}
