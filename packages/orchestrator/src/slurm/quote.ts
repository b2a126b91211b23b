import { UsageError } from '@virnucpro/protocol';

/**
 * One argument for a POSIX shell. Between single quotes the shell changes nothing; the quote itself is left and escaped.
 * (The libraries for this change some arguments: shell-quote adds backslashes before "!", shescape drops control
 * characters.)
 *
 * @throws {UsageError} UNQUOTABLE a line break or NUL: neither belongs into a script, or a file name that people use
 */
export function shellQuote(argument: string): string {
  refuseLineBreaks(argument);
  if (/^[\w./:=,@%+-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

/**
 * One value of an `#SBATCH` line, which no shell reads: sbatch itself knows double quotes and backslashes.
 *
 * @throws {UsageError} UNQUOTABLE
 */
export function sbatchQuote(value: string): string {
  refuseLineBreaks(value);
  if (/^[\w./:=,@%+-]+$/.test(value)) return value;
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

function refuseLineBreaks(argument: string): void {
  if (!/[\n\r\0]/.test(argument)) return;
  throw new UsageError(
    'UNQUOTABLE',
    `${JSON.stringify(argument)} holds a line break or a NUL character, which cannot go into a batch script. Rename it.`,
  );
}
