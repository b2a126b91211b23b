import { dirname } from 'node:path';

import { PartFile, type DurableFileSystem } from '@virnucpro/checkpoint/file-system';
import { StoppedError, storageRemedy, UsageError } from '@virnucpro/protocol';
import type { ChunkLength, TranslatedBytes } from '@virnucpro/translate';

/** The names that VirNucPro gives its files (prediction.py, lines 100 to 105); PREFIX is all that comes before. */
export function translateOutputPaths(prefix: string, chunkLength: ChunkLength) {
  return {
    chunks: `${prefix}_chunked${chunkLength}.fa`,
    nucleotides: `${prefix}_identified_nucleotide.fa`,
    proteins: `${prefix}_identified_protein.faa`,
  };
}

export type TranslateOutputPaths = ReturnType<typeof translateOutputPaths>;

type OutputKind = keyof TranslateOutputPaths;

/** The proteins come last: who finds them finds all three. */
const KINDS: readonly OutputKind[] = ['chunks', 'nucleotides', 'proteins'];

interface NamedOutput {
  readonly kind: OutputKind;
  readonly path: string;
  readonly file: PartFile;
}

/** The three output files under temporary names; they get their own when all are whole. */
export class TranslateOutputs {
  readonly #fileSystem: DurableFileSystem;
  readonly #outputs: readonly NamedOutput[];

  private constructor(fileSystem: DurableFileSystem, outputs: readonly NamedOutput[]) {
    this.#fileSystem = fileSystem;
    this.#outputs = outputs;
  }

  /**
   * Makes the folder, if it is missing, and the files.
   *
   * @throws {UsageError} OUTPUT_NOT_WRITABLE
   * @throws {StoppedError} STORAGE_FAILED
   */
  static async create(fileSystem: DurableFileSystem, paths: TranslateOutputPaths): Promise<TranslateOutputs> {
    const outputs: NamedOutput[] = [];
    for (const kind of KINDS) {
      const path = paths[kind];
      try {
        await fileSystem.makeDirectory(dirname(path));
        outputs.push({ kind, path, file: await PartFile.create(fileSystem, path) });
      } catch (error) {
        await new TranslateOutputs(fileSystem, outputs).abandon();
        throw notWritable(path, error);
      }
    }
    return new TranslateOutputs(fileSystem, outputs);
  }

  /** @throws {StoppedError} STORAGE_FAILED */
  async append(bytes: TranslatedBytes): Promise<void> {
    for (const { kind, path, file } of this.#outputs)
      await file.append(bytes[kind]).catch((error: unknown) => Promise.reject(notWritable(path, error)));
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

  /** Removes what is not published. */
  async abandon(): Promise<void> {
    for (const { file } of this.#outputs) await file.abandon();
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
