import { UsageError } from '@virnucpro/protocol';

import { boolean } from '../../config/option.ts';
import { closestName } from './closest-name.ts';
import type { DeclaredOption, DeclaredOptions } from './declared-command.ts';
import type { GivenOption } from './gather.ts';

/**
 * Checks what no command should have to: that each option exists, is given once, and has a value if it takes one.
 *
 * @returns the same options in one spelling that leaves yargs nothing to guess
 * @throws {UsageError} UNKNOWN_OPTION, OPTION_TWICE, OPTION_VALUE, INVALID_SETTING
 */
export function checkOptions(given: readonly GivenOption[], declared: DeclaredOptions): string[] {
  const known = given.map((option) => recognized(option, declared));
  refuseRepeated(known);
  return known.map(({ option, name, declaration, isNegated }) =>
    declaration.takesValue
      ? `--${name}=${textOf(option, name, declaration)}`
      : truthOf(option, isNegated)
        ? `--${name}`
        : `--no-${name}`,
  );
}

interface KnownOption {
  readonly option: GivenOption;
  readonly name: string;
  readonly declaration: DeclaredOption;
  readonly isNegated: boolean;
}

function recognized(option: GivenOption, declared: DeclaredOptions): KnownOption {
  const declaration = declared.get(option.name);
  if (declaration !== undefined) return { option, name: option.name, declaration, isNegated: false };
  const name = option.name.replace(/^no-/, '');
  const negated = name === option.name ? undefined : declared.get(name);
  if (negated?.takesValue === false) return { option, name, declaration: negated, isNegated: true };
  if (negated !== undefined)
    throw new UsageError(
      'UNKNOWN_OPTION',
      `Unknown option ${option.shown}: --${name} takes a value and is left out, not negated.`,
    );
  throw unknownOption(option, declared);
}

function unknownOption({ name, shown }: GivenOption, declared: DeclaredOptions): UsageError {
  const negations = [...declared].filter(([, { takesValue }]) => !takesValue).map(([known]) => `no-${known}`);
  const meant = closestName(name, [...declared.keys(), ...negations]);
  const hint = meant === null ? 'See --help.' : `Did you mean --${meant}?`;
  return new UsageError('UNKNOWN_OPTION', `Unknown option ${shown}. ${hint}`);
}

function refuseRepeated(options: readonly KnownOption[]): void {
  const values = new Map<string, string[]>();
  for (const { option, name, declaration } of options) {
    if (!declaration.repeats)
      values.set(name, [...(values.get(name) ?? []), JSON.stringify(option.value ?? option.shown)]);
  }
  for (const [name, seen] of values) {
    if (seen.length < 2) continue;
    const times = seen.length === 2 ? 'twice' : `${seen.length} times`;
    throw new UsageError(
      'OPTION_TWICE',
      `--${name} was given ${times}: ${seen.join(' and ')}. Give it once.`,
    );
  }
}

function textOf({ value, isJoined }: GivenOption, name: string, declaration: DeclaredOption): string {
  if (value === undefined || value === '') throw new UsageError('OPTION_VALUE', `--${name} needs a value.`);
  if (value === '-' && !declaration.repeats)
    throw new UsageError(
      'OPTION_VALUE',
      `--${name} is "-", which is standard input, and only as a file to read: results are folders or files, ` +
        `not standard output. Give --${name} its value.`,
    );
  if (!isJoined && /^-[^\d.]/.test(value))
    throw new UsageError(
      'OPTION_VALUE',
      `--${name} needs a value, and ${value} is an option. If it is the value, write --${name}=${value}`,
    );
  const { choices, isNumber } = declaration;
  if (choices?.includes(value) === false) throw unfit(name, value, `expected ${choices.join(' or ')}`);
  if (isNumber && Number.isNaN(Number(value))) throw unfit(name, value, 'expected a number');
  return value;
}

/** Read as the variable of the same name is. */
function truthOf({ shown, name, value }: GivenOption, isNegated: boolean): boolean {
  if (value === undefined) return !isNegated;
  if (isNegated)
    throw new UsageError('OPTION_VALUE', `${shown} takes no value, and ${JSON.stringify(value)} is given.`);
  const result = boolean.safeParse(value);
  if (result.success) return result.data;
  throw unfit(name, value, 'expected true or false');
}

function unfit(name: string, value: string, expected: string): UsageError {
  return new UsageError('INVALID_SETTING', `--${name} is ${JSON.stringify(value)}: ${expected}.`);
}
