import { realpath } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

import { partPath } from '@virnucpro/checkpoint/file-system';
import { resolveInputFiles, type InputFile } from '@virnucpro/fasta/input';
import { StoppedError, UsageError, type TranslationSettings } from '@virnucpro/protocol';
import {
  RecordTranslator,
  TRANSLATION_FILES,
  type NucleotideRecord,
  type TranslationTotals,
  type WantedFiles,
} from '@virnucpro/translate';

import type { RunContext } from '../run/run-context.ts';
import type { StopSignals } from '../run/stop-signals.ts';
import { earlierFiles } from './earlier-files.ts';
import { pathsOfPrefix, translateOutputPaths, type TranslateOutputPaths } from './output-paths.ts';
import { readNucleotides } from './translate-input.ts';
import { TranslateOutputs } from './translate-outputs.ts';

export interface TranslateRequest {
  /** Files, directories, or "-". */
  readonly inputs: readonly string[];
  readonly prefix: string;
  readonly settings: TranslationSettings;
  /** Files that are not wanted are not written; what has their names stays. */
  readonly wanted: WantedFiles;
}

export interface Translation {
  readonly totals: TranslationTotals;
  readonly paths: TranslateOutputPaths;
  /** What a person should know; one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Writes the chunks of all records of the inputs, in their order, and the open reading frames of the chunks; or only the
 * proteins of these.
 * The files appear under their names only when all are complete; of what was begun nothing is left.
 *
 * @throws {InputError} see resolveInputFiles and readNucleotides
 * @throws {UsageError} OUTPUT_NOT_WRITABLE, OUTPUT_IS_INPUT
 * @throws {StoppedError} STOPPED at a signal, STORAGE_FAILED
 */
export async function translateFiles(
  request: TranslateRequest,
  context: RunContext,
  stop: Pick<StopSignals, 'signal' | 'cause'>,
): Promise<Translation> {
  const { inputs, prefix, settings, wanted } = request;
  const files = await resolveInputFiles(inputs);
  const paths = translateOutputPaths(prefix, settings.chunkLength);
  const inputPaths = new Set(await Promise.all(files.map(({ path }) => realPathOf(path))));
  const written = TRANSLATION_FILES[wanted].map((file) => paths[file]);
  await refuseOwnInput([...written, ...[...pathsOfPrefix(prefix)].map(partPath)], inputPaths);
  const outputs = await TranslateOutputs.create(context.fileSystem, {
    prefix,
    chunkLength: settings.chunkLength,
    wanted,
  });
  try {
    const translator = new RecordTranslator(settings, wanted);
    const warnings = await translateInto(outputs, translator, files, { ...context, ...stop });
    stop.signal.throwIfAborted();
    await outputs.publish();
    warnings.push(...(await earlierFiles(prefix, written, inputPaths)));
    return { totals: translator.totals, paths, warnings };
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw new StoppedError('STOPPED', `Stopped by ${stop.cause() ?? 'request'}: no file was written.`);
  } finally {
    await outputs.abandon();
  }
}

/** @returns warnings */
async function translateInto(
  outputs: TranslateOutputs,
  translator: RecordTranslator,
  files: readonly InputFile[],
  { stdin, signal }: Pick<RunContext, 'stdin'> & Pick<StopSignals, 'signal'>,
): Promise<string[]> {
  const warnings: string[] = [];
  const firstEmpty: string[] = [];
  for (const file of files) {
    const take = async (records: Iterable<NucleotideRecord>): Promise<void> => {
      for (const record of records) {
        if (record.sequence.length === 0 && firstEmpty.length === 0)
          firstEmpty.push(`${file.displayPath}, line ${record.line}`);
        for (const batch of translator.add(record)) {
          outputs.append(batch);
          // A signal, and the lock's beat, get their turn also in a long record.
          await setImmediate();
          signal.throwIfAborted();
        }
      }
    };
    if (await readNucleotides(file, stdin, take, signal))
      warnings.push(
        `${file.displayPath} does not begin with ">": what stands before the first record is ignored.`,
      );
  }
  for (const batch of translator.flush()) outputs.append(batch);
  for (const place of firstEmpty) {
    const { emptyRecords } = translator.totals;
    warnings.push(`Records without sequence: ${emptyRecords}, passed over; the first is ${place}.`);
  }
  return warnings;
}

/** An input that is replaced by its own translation, or taken for a temporary file of it, would be a loss that nobody asked for. */
async function refuseOwnInput(paths: readonly string[], inputs: ReadonlySet<string>): Promise<void> {
  for (const path of paths) {
    if (!inputs.has(await realPathOf(path))) continue;
    throw new UsageError(
      'OUTPUT_IS_INPUT',
      `${path} is an input and would be lost. Give another PREFIX with -o.`,
      {
        details: { path },
      },
    );
  }
}

/** The path as it is, where nothing has it yet. */
function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
