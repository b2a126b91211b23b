import type { Argv, Options } from 'yargs';

import type { RunOption } from '../../config/option.ts';

/** Flags are taken as text and checked with all other sources; their default is shown, not set. */
export function addOptions<Name extends string>(
  yargs: Argv,
  options: Readonly<Record<Name, RunOption>>,
  names: readonly Name[],
): Argv {
  let parser = yargs;
  for (const name of names) {
    const option: RunOption = options[name];
    const { describe, group, value, default: fallback, defaultDescription } = option;
    const shown = defaultDescription ?? String(fallback);
    parser = parser.option(name, {
      describe: `${describe}${value === undefined ? '' : ` (${value})`} [${shown}]`,
      group,
      ...shapeOf(option),
    });
  }
  return parser;
}

function shapeOf({ value, repeats }: RunOption): Options {
  if (value === undefined) return { type: 'boolean' };
  // One value each time: the file behind it is none of its values.
  return repeats === true ? { type: 'string', array: true, nargs: 1 } : { type: 'string', requiresArg: true };
}
