import { dirname } from 'node:path';

import { PartFile, type DurableFileSystem } from '@virnucpro/checkpoint/file-system';
import { acquireRunLock, type RunLock } from '@virnucpro/checkpoint/lock';
import { InputError, isVirnucproError, StoppedError, storageRemedy, UsageError } from '@virnucpro/protocol';
import {
  TRANSLATION_FILES,
  type ChunkLength,
  type TranslatedBytes,
  type TranslationFile,
  type WantedFiles,
} from '@virnucpro/translate';

import { refuseOddFiles, removeLeftParts } from './earlier-files.ts';
import { translateOutputPaths, type TranslateOutputPaths } from './output-paths.ts';

interface OutputRequest {
  readonly prefix: string;
  readonly chunkLength: ChunkLength;
  readonly wanted: WantedFiles;
}

interface NamedOutput {
  readonly kind: TranslationFile;
  readonly path: string;
  readonly file: PartFile;
}

/** The output files under temporary names; they get their own when all are whole. */
export class TranslateOutputs {
  readonly #fileSystem: DurableFileSystem;
  readonly #outputs: readonly NamedOutput[];
  readonly #lock: RunLock;

  private constructor(fileSystem: DurableFileSystem, outputs: readonly NamedOutput[], lock: RunLock) {
    this.#fileSystem = fileSystem;
    this.#outputs = outputs;
    this.#lock = lock;
  }

  /**
   * Makes the folder, if it is missing, and the files. Until `abandon`, no other command writes them.
   *
   * @throws {UsageError} OUTPUT_NOT_WRITABLE · {InputError} OUTPUT_IN_USE
   * @throws {StoppedError} STORAGE_FAILED
   */
  static async create(
    fileSystem: DurableFileSystem,
    { prefix, chunkLength, wanted }: OutputRequest,
  ): Promise<TranslateOutputs> {
    const paths = translateOutputPaths(prefix, chunkLength);
    const lock = await lockOutputs(fileSystem, paths);
    const outputs: NamedOutput[] = [];
    let path = paths.proteins;
    try {
      await refuseOddFiles(TRANSLATION_FILES[wanted].map((kind) => paths[kind]));
      await removeLeftParts(fileSystem, prefix);
      for (const kind of TRANSLATION_FILES[wanted]) {
        path = paths[kind];
        outputs.push({ kind, path, file: await PartFile.create(fileSystem, path) });
      }
    } catch (error) {
      await new TranslateOutputs(fileSystem, outputs, lock).abandon();
      throw isVirnucproError(error) ? error : notWritable(path, error);
    }
    return new TranslateOutputs(fileSystem, outputs, lock);
  }

  /** @throws {StoppedError} STORAGE_FAILED */
  append(bytes: TranslatedBytes): void {
    for (const { kind, path, file } of this.#outputs) {
      try {
        file.appendSync(bytes[kind]);
      } catch (error) {
        throw notWritable(path, error);
      }
    }
  }

  /**
   * Makes the files durable and gives them their names; what had these names is replaced.
   *
   * @throws {UsageError} OUTPUT_NOT_WRITABLE
   * @throws {StoppedError} STORAGE_FAILED
   */
  async publish(): Promise<void> {
    for (const { path, file } of this.#outputs) {
      await file.publish().catch((error: unknown) => Promise.reject(notWritable(path, error)));
      await this.#fileSystem.syncDirectory(dirname(path));
    }
  }

  /** Removes what is not published, and lets others write there. */
  async abandon(): Promise<void> {
    for (const { file } of this.#outputs) await file.abandon();
    await this.#lock.release();
  }
}

/** Two commands that write the same files at once would leave some of each. */
async function lockOutputs(
  fileSystem: DurableFileSystem,
  { proteins }: TranslateOutputPaths,
): Promise<RunLock> {
  try {
    await fileSystem.makeDirectory(dirname(proteins));
    return await acquireRunLock(fileSystem, `${proteins}.lock`);
  } catch (error) {
    if (!isVirnucproError(error)) throw notWritable(proteins, error);
    const { pid, host } = error.details;
    // Nobody holds it: it could not be taken.
    if (pid === undefined) throw error;
    throw new InputError(
      'OUTPUT_IN_USE',
      `Another command (process ${String(pid)} on ${String(host)}) is writing ${proteins}. Wait for it, or give another PREFIX with -o.`,
      { details: error.details, cause: error },
    );
  }
}

/** A full or failing disk is no fault of the command. */
function notWritable(path: string, cause: unknown): Error {
  const { code } = cause as NodeJS.ErrnoException;
  const failure = storageRemedy(cause);
  if (failure !== null)
    return new StoppedError(
      'STORAGE_FAILED',
      `${path} could not be written (${failure.errno}): ${failure.remedy}, then run the same command again.`,
      { details: { path, errno: failure.errno }, cause },
    );
  return new UsageError(
    'OUTPUT_NOT_WRITABLE',
    `${path} cannot be written (${code ?? String(cause)}). Give another PREFIX with -o.`,
    { details: { path }, cause },
  );
}
