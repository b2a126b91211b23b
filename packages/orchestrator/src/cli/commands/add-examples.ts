import type { Argv } from 'yargs';

/** Whole lines, to be copied: yargs sets command and meaning in two columns, and tears what is longer than one. */
export function addExamples(
  yargs: Argv,
  examples: readonly (readonly [command: string, meaning: string])[],
): Argv {
  return examples.reduce(
    (parser, [command, meaning]) => parser.example(`# ${meaning}\n${command}`, ''),
    yargs,
  );
}
