import type { Argv } from 'yargs';

import type { RunOption } from '../../config/option.ts';

/** Flags are taken as text and checked with all other sources; their default is shown, not set. */
export function addOptions<Name extends string>(
  yargs: Argv,
  options: Readonly<Record<Name, RunOption>>,
  names: readonly Name[],
): Argv {
  let parser = yargs;
  for (const name of names) {
    const { describe, group, value, default: fallback, defaultDescription }: RunOption = options[name];
    const shown = defaultDescription ?? String(fallback);
    parser = parser.option(name, {
      describe: `${describe}${value === undefined ? '' : ` (${value})`} [${shown}]`,
      group,
      ...(value === undefined
        ? { type: 'boolean' as const }
        : { type: 'string' as const, requiresArg: true }),
    });
  }
  return parser;
}
