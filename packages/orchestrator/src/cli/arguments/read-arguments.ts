import { UsageError } from '@virnucpro/protocol';

import { protectStdin } from '../commands/run-command.ts';
import { checkOptions } from './check-options.ts';
import { closestName } from './closest-name.ts';
import type { DeclaredCommand, DeclaredCommands, DeclaredOptions } from './declared-command.ts';
import { gather, type GivenWord } from './gather.ts';

const PROGRAM = 'virnucpro-orchestrate';

export interface ReadArguments {
  readonly command: DeclaredCommand;
  readonly argv: readonly string[];
}

/**
 * Reads a command line, refuses what is wrong with it, and writes it anew so that yargs cannot read it otherwise:
 * files, then options. yargs itself drops files behind "--", makes lists of what is given twice and reports a missing
 * file where an option is mistyped.
 *
 * @param exists whether there is a file of that name
 * @returns null where help or the version is asked for, or a command without its part is given
 * @throws {UsageError} UNKNOWN_COMMAND, MISSING_ARGUMENT, EMPTY_ARGUMENT, and as checkOptions
 */
export function readArguments(
  argv: readonly string[],
  commands: DeclaredCommands,
  exists: (path: string) => boolean,
): ReadArguments | null {
  if (argv.length === 0 || argv[0] === '--help' || argv[0] === '--version') return null;
  const { options, words } = gather(argv, optionsOfAll(possible(argv[0], commands)));
  if (options.some(({ name }) => name === 'help' || name === 'version')) return null;
  const named = commands.find((command) => isNamed(command, words));
  if (named === undefined && isGroup(words[0], commands)) {
    refuseUnknownPart(words, commands);
    return null;
  }
  if (named === undefined) refuseMistypedCommand(words[0], commands, exists);
  const command = named ?? commands[0];
  return { command, argv: written(argv, command, named === undefined ? 0 : named.words.length) };
}

function written(argv: readonly string[], command: DeclaredCommand, wordCount: number): string[] {
  const { options, words } = gather(argv, command.options);
  const checked = checkOptions(options, command.options);
  const files = words.slice(wordCount).map(({ text }) => text);
  const name = command.words.join(' ');
  if (files.length === 0 && command.positional.startsWith('<'))
    throw new UsageError(
      'MISSING_ARGUMENT',
      `${name} needs ${command.positional}, and none is given: ${PROGRAM} ${name} ${command.positional}. See --help.`,
    );
  if (files.includes(''))
    throw new UsageError(
      'EMPTY_ARGUMENT',
      `An argument of ${name} is empty ("") where ${command.positional} is expected. Is a variable of the shell not set?`,
    );
  return [...files.map(asPath), ...checked];
}

/** What begins with a dash is a file only behind "--", and yargs must not take it for an option. */
function asPath(file: string): string {
  return file !== '-' && file.startsWith('-') ? `./${file}` : protectStdin(file);
}

/** The commands that a line which begins so may mean. */
function possible(first: string | undefined, commands: DeclaredCommands): readonly DeclaredCommand[] {
  if (first?.startsWith('-') === true) return commands;
  const named = commands.filter(({ words }) => words[0] === first);
  return named.length > 0 ? named : [commands[0]];
}

/** Where the command is not known yet, any option may take a value. */
function optionsOfAll(commands: readonly DeclaredCommand[]): DeclaredOptions {
  return new Map(commands.flatMap(({ options }) => [...options]));
}

function isNamed(command: DeclaredCommand, words: readonly GivenWord[]): boolean {
  return command.words.every((word, index) => words[index]?.text === word && !words[index].isBehindDashes);
}

function isGroup(word: GivenWord | undefined, commands: readonly DeclaredCommand[]): boolean {
  if (word === undefined || word.isBehindDashes) return false;
  return commands.some(({ words }) => words.length > 1 && words[0] === word.text);
}

function refuseUnknownPart([group, part]: readonly GivenWord[], commands: readonly DeclaredCommand[]): void {
  if (group === undefined || part === undefined) return;
  const parts = commands.filter(({ words }) => words[0] === group.text).map(({ words }) => words[1] ?? '');
  const meant = closestName(part.text, parts);
  const hint = meant === null ? `It has ${parts.join(', ')}.` : `Did you mean "${group.text} ${meant}"?`;
  throw new UsageError('UNKNOWN_COMMAND', `${group.text} has no command "${part.text}". ${hint}`);
}

function refuseMistypedCommand(
  word: GivenWord | undefined,
  commands: readonly DeclaredCommand[],
  exists: (path: string) => boolean,
): void {
  if (word === undefined || word.isBehindDashes || exists(word.text)) return;
  const meant = closestName(
    word.text,
    commands.map(({ words }) => words[0] ?? ''),
  );
  if (meant === null) return;
  throw new UsageError(
    'UNKNOWN_COMMAND',
    `"${word.text}" is no command, and no file of that name exists. Did you mean the command "${meant}"?`,
  );
}
