import { parseArgs, type ParseArgsConfig } from 'node:util';

import type { DeclaredOptions } from './declared-command.ts';

/** One option of a command line, as it stands there. */
export interface GivenOption {
  readonly name: string;
  /** `--chunk`, `-o`; `-chunk` for a long name with one dash. */
  readonly shown: string;
  readonly value: string | undefined;
  /** Written in one piece with its name: it may begin with a dash. */
  readonly isJoined: boolean;
}

/** A word of a command line that belongs to no option. */
export interface GivenWord {
  readonly text: string;
  /** Behind "--", where there are only files. */
  readonly isBehindDashes: boolean;
}

export interface Gathered {
  readonly options: readonly GivenOption[];
  readonly words: readonly GivenWord[];
}

/** Tells options, their values and other words apart; judges none of them. */
export function gather(argv: readonly string[], declared: DeclaredOptions): Gathered {
  const { tokens } = parseArgs({
    args: [...argv],
    options: forNode(declared),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: GivenOption[] = [];
  const words: GivenWord[] = [];
  let isBehindDashes = false;
  let list: GivenOption | null = null;
  for (const token of tokens) {
    const last = options.at(-1);
    if (token.kind === 'option-terminator') {
      isBehindDashes = true;
      list = null;
    } else if (token.kind === 'option') {
      const option = givenOption(token, argv[token.index] ?? '', declared);
      options.push(option);
      list = declared.get(option.name)?.takesMany === true ? option : null;
    } else if (list !== null) {
      options.push({ ...list, value: token.value });
    } else if (last !== undefined && isTruthOf(last, token.value, argv[token.index - 1], declared)) {
      options[options.length - 1] = { ...last, value: token.value };
    } else words.push({ text: token.value, isBehindDashes });
  }
  return { options, words };
}

function forNode(declared: DeclaredOptions): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    [...declared].map(([name, { takesValue, letter }]) => [
      name,
      { type: takesValue ? 'string' : 'boolean', ...(letter === undefined ? {} : { short: letter }) },
    ]),
  );
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function givenOption(token: OptionToken, argument: string, declared: DeclaredOptions): GivenOption {
  const { name, rawName, value } = token;
  const isJoined = token.inlineValue === true;
  if (rawName.startsWith('--')) return { name, shown: rawName, value, isJoined };
  // Node takes -chunk for -c with the rest behind it; whoever writes it means --chunk.
  const [long = ''] = argument.slice(1).split('=');
  if (long.length > 1 && declared.has(long)) return { name: `-${long}`, shown: `-${long}`, value, isJoined };
  return { name, shown: rawName, value: isJoined ? value?.replace(/^=/, '') : value, isJoined };
}

/** `--packing false` sets it, as `--packing=false` does. */
function isTruthOf(
  { name, shown, value }: GivenOption,
  word: string,
  before: string | undefined,
  declared: DeclaredOptions,
): boolean {
  const follows = before === shown && value === undefined;
  return follows && declared.get(name)?.takesValue === false && (word === 'true' || word === 'false');
}
