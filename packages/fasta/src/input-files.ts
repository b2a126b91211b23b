import type { Stats } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { InputError } from '@virnucpro/protocol/errors';

import { isGzip } from './gzip.ts';

/** A file of the command line. */
export interface InputFile {
  /** As the user gave it, for messages and sequences.tsv; '-' for standard input. */
  readonly displayPath: string;
  /** Absolute; '' for standard input. */
  readonly path: string;
  readonly kind: 'plain' | 'gzip' | 'stdin';
  /** On disk; null when not known. */
  readonly bytes: number | null;
}

const FASTA_NAME = /^[^.].*\.(fa|fasta|faa|fna|fas)(\.gz)?$/i;

/**
 * Finds the FASTA files that the arguments name, in their order. A directory stands for its *.fa, *.fasta,
 * *.faa, *.fna and *.fas files (also with .gz), sorted by name, without those of its subdirectories; `-` is standard input.
 * gzip is told by its first bytes, not by the name.
 *
 * @throws {InputError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_DIRECTORY_EMPTY, INPUT_GIVEN_TWICE, INPUT_EMPTY
 */
export async function resolveInputFiles(args: readonly string[]): Promise<InputFile[]> {
  const files: InputFile[] = [];
  const given = new Map<string, string>();
  for (const displayPath of (await Promise.all(args.map(expandDirectory))).flat()) {
    const identity = displayPath === '-' ? '-' : await readable(displayPath, () => realpath(displayPath));
    const other = given.get(identity);
    if (other !== undefined) throw givenTwice(displayPath, other);
    given.set(identity, displayPath);
    files.push(displayPath === '-' ? standardInput() : await inputFile(displayPath));
  }
  return files;
}

function standardInput(): InputFile {
  return { displayPath: '-', path: '', kind: 'stdin', bytes: null };
}

async function expandDirectory(argument: string): Promise<string[]> {
  if (argument === '-') return [argument];
  const stats = await readable(argument, () => stat(argument));
  // The pipe of <(command) has a name that can be looked at but leads nowhere: it must not come to be "not there".
  if (!stats.isDirectory() && !stats.isFile()) throw notRegular(argument, stats);
  if (!stats.isDirectory()) return [argument];
  const entries = await readable(argument, () => readdir(argument, { withFileTypes: true }));
  const names = entries
    .filter((entry) => !entry.isDirectory() && FASTA_NAME.test(entry.name))
    .map(({ name }) => name);
  if (names.length === 0) throw emptyDirectory(argument);
  // By code unit, not by locale: the order is the order of the output.
  return names.sort().map((name) => join(argument, name));
}

async function inputFile(displayPath: string): Promise<InputFile> {
  const path = resolve(displayPath);
  const stats = await readable(displayPath, () => stat(path));
  if (!stats.isFile()) throw notRegular(displayPath, stats);
  if (stats.size === 0) {
    throw new InputError(
      'INPUT_EMPTY',
      `${displayPath} is empty (0 bytes). Leave it out, or check how it was made.`,
      {
        details: { path: displayPath },
      },
    );
  }
  const kind = isGzip(await readable(displayPath, () => firstBytes(path))) ? 'gzip' : 'plain';
  return { displayPath, path, kind, bytes: stats.size };
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(2), 0, 2, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Runs a file system call, and words its failure for the person who named the path. */
async function readable<T>(displayPath: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new InputError('INPUT_NOT_FOUND', `${displayPath} does not exist. Check the path.`, {
        details: { path: displayPath },
        cause: error,
      });
    }
    throw unreadable(displayPath, code === 'EACCES' ? 'permission denied' : (code ?? String(error)), error);
  }
}

function emptyDirectory(displayPath: string): InputError {
  return new InputError(
    'INPUT_DIRECTORY_EMPTY',
    `The directory ${displayPath} holds no FASTA file (*.fa, *.fasta, *.faa, *.fna, *.fas, also with .gz). ` +
      'Name the files themselves if they end otherwise.',
    { details: { path: displayPath } },
  );
}

function notRegular(displayPath: string, stats: Stats): InputError {
  const what = stats.isDirectory() ? 'a directory' : stats.isFIFO() ? 'a pipe' : 'not a regular file';
  return unreadable(displayPath, `it is ${what}; pipe data to standard input and give "-"`);
}

function unreadable(displayPath: string, problem: string, cause?: unknown): InputError {
  return new InputError('INPUT_UNREADABLE', `${displayPath} cannot be read: ${problem}.`, {
    details: { path: displayPath },
    cause,
  });
}

function givenTwice(displayPath: string, other: string): InputError {
  const message =
    displayPath === '-'
      ? 'Standard input ("-") is given twice. Give it once.'
      : `${displayPath} is given twice (also as ${other}). Give every file once.`;
  return new InputError('INPUT_GIVEN_TWICE', message, { details: { path: displayPath, other } });
}
