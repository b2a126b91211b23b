import yargs, { type Argv, type CommandModule } from 'yargs';

/** One option as a command declares it to yargs. */
export interface DeclaredOption {
  readonly takesValue: boolean;
  readonly repeats: boolean;
  /** Takes all words up to the next option. */
  readonly takesMany: boolean;
  readonly isNumber: boolean;
  readonly choices: readonly string[] | undefined;
  readonly letter: string | undefined;
}

export type DeclaredOptions = ReadonlyMap<string, DeclaredOption>;

/** What must be known of a command to read its arguments before yargs does. */
export interface DeclaredCommand {
  /** `["status"]`, `["slurm", "status"]` */
  readonly words: readonly string[];
  /** `<fasta..>`; empty when it takes none. */
  readonly positional: string;
  readonly options: DeclaredOptions;
  readonly addTo: (parser: Argv) => Argv;
  /** Adds it to a parser that is to know no other. */
  readonly addAloneTo: (parser: Argv) => Argv;
}

/** The first is meant where none is named. */
export type DeclaredCommands = readonly [DeclaredCommand, ...DeclaredCommand[]];

/** yargs has this method and documents it, its types leave it out. */
interface Introspection {
  getOptions(): {
    readonly key: Readonly<Record<string, unknown>>;
    readonly alias: Readonly<Record<string, readonly string[]>>;
    readonly boolean: readonly string[];
    readonly array: readonly string[];
    readonly number: readonly string[];
    readonly narg: Readonly<Record<string, number>>;
    readonly choices: Readonly<Record<string, readonly string[]>>;
  };
}

/** @param group the command that it is a part of, as `slurm` of `slurm status` */
export function declared<Arguments>(
  module: CommandModule<object, Arguments>,
  group: readonly string[] = [],
): DeclaredCommand {
  const { command = '', builder } = module;
  const [usage = ''] = typeof command === 'string' ? [command] : command;
  const [word = '', ...positionals] = usage.split(' ');
  let options: DeclaredOptions | null = null;
  return {
    words: [...group, word],
    positional: positionals.join(' '),
    // Asked for when they are needed: building those of every command takes as long as a whole short one.
    get options() {
      const parser = yargs([]);
      if (options === null && typeof builder === 'function') void builder(parser);
      return (options ??= optionsOf(
        parser,
        positionals.map((text) => text.replaceAll(/[<>[\].]/g, '')),
      ));
    },
    addTo: (target) => target.command(module),
    addAloneTo: (target) => target.command({ ...module, command: ['$0', ...positionals].join(' ') }),
  };
}

export function addAll(parser: Argv, commands: readonly DeclaredCommand[]): Argv {
  return commands.reduce((grown, command) => command.addTo(grown), parser);
}

/** yargs takes the name of a positional for an option too; here it is none. */
function optionsOf(parser: Argv, positionals: readonly string[]): DeclaredOptions {
  const { key, alias, boolean, array, number, narg, choices } = (parser as Argv & Introspection).getOptions();
  const letters = new Set(Object.values(alias).flat());
  const names = Object.keys(key).filter((name) => !letters.has(name) && !positionals.includes(name));
  return new Map(
    names.map((name) => [
      name,
      {
        takesValue: !boolean.includes(name),
        repeats: array.includes(name),
        takesMany: array.includes(name) && narg[name] !== 1,
        isNumber: number.includes(name),
        choices: choices[name],
        // The parser around all commands gives --help its letter.
        letter: name === 'help' ? 'h' : alias[name]?.find(({ length }) => length === 1),
      },
    ]),
  );
}
