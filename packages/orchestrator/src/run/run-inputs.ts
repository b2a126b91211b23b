import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { InputFile } from '@virnucpro/fasta';
import { InputError } from '@virnucpro/protocol';

/** An input of the run as the manifest keeps it: enough to find it again and to see that it changed. */
export interface RunInput {
  /** As the user named it; in sequences.tsv. */
  readonly displayPath: string;
  /** Absolute; empty for standard input, whose bytes are in the run folder. */
  readonly path: string;
  readonly kind: InputFile['kind'];
  readonly bytes: number | null;
  readonly mtimeMs: number | null;
}

export async function describeInputs(files: readonly InputFile[]): Promise<RunInput[]> {
  return Promise.all(
    files.map(async ({ displayPath, path, kind, bytes }) => {
      if (kind === 'stdin') return { displayPath, path: '', kind, bytes: null, mtimeMs: null };
      const absolute = resolve(path);
      const { mtimeMs } = await stat(absolute);
      return { displayPath, path: absolute, kind, bytes, mtimeMs };
    }),
  );
}

/** The inputs of an earlier run, as they are now. @throws {InputError} INPUT_NOT_FOUND when one is gone */
export async function recallInputs(inputs: readonly RunInput[]): Promise<InputFile[]> {
  return Promise.all(
    inputs.map(async ({ displayPath, path, kind }) => {
      if (kind === 'stdin') return { displayPath, path, kind, bytes: null };
      try {
        return { displayPath, path, kind, bytes: (await stat(path)).size };
      } catch (error) {
        throw new InputError(
          'INPUT_NOT_FOUND',
          `The input ${path} of this run is gone. Put it back to resume.`,
          {
            cause: error,
          },
        );
      }
    }),
  );
}

/** What differs between the inputs of the run and those of now, one line each; empty when nothing does. Pure. */
export function inputDifferences(before: readonly RunInput[], now: readonly RunInput[]): string[] {
  if (before.length !== now.length) return [`inputs: ${before.length} files before, ${now.length} now`];
  return before.flatMap((earlier, position) => {
    const current = now[position] as RunInput;
    const difference = inputDifference(earlier, current);
    return difference === null ? [] : [`input ${position + 1} (${earlier.displayPath}): ${difference}`];
  });
}

function inputDifference(before: RunInput, now: RunInput): string | null {
  if (before.kind === 'stdin' && now.kind === 'stdin') return null;
  if (before.path !== now.path) return `it was ${before.path}, now ${now.path}`;
  if (before.bytes !== now.bytes) return `it had ${before.bytes ?? '?'} bytes, now ${now.bytes ?? '?'}`;
  return null;
}

/** Inputs, as they are now, that are the same by name and size, but were written to since. Pure. */
export function touchedInputs(before: readonly RunInput[], now: readonly RunInput[]): RunInput[] {
  return now.filter(({ mtimeMs }, position) => mtimeMs !== before[position]?.mtimeMs);
}

export function describeTouched({ displayPath, mtimeMs }: RunInput): string {
  return `input ${displayPath}: it was written to since (modified ${new Date(mtimeMs ?? 0).toISOString()})`;
}
