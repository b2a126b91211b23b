import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import type { DurableFileSystem } from './durable-file-system.ts';
import { PartFile } from './part-file.ts';

/** A finished output, as the manifest keeps it. */
export interface OutputFacts {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows: number;
}

/** An output being written under a temporary name; hashed on the way. */
export class OutputFile {
  readonly #path: string;
  readonly #file: PartFile;
  readonly #hash = createHash('sha256');
  #rows = 0;

  private constructor(path: string, file: PartFile) {
    this.#path = path;
    this.#file = file;
  }

  /** A left-over of an earlier try is written over. */
  static async create(fileSystem: DurableFileSystem, path: string): Promise<OutputFile> {
    return new OutputFile(path, await PartFile.create(fileSystem, path));
  }

  /** @param rows how many rows the content holds */
  async append(content: Uint8Array | string, rows: number): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    if (bytes.length === 0) return;
    // Hashing takes as long as writing, and this thread has nothing else to do meanwhile.
    const writing = this.#file.append(bytes);
    this.#hash.update(bytes);
    await writing;
    this.#rows += rows;
  }

  /** Makes the content durable and gives it its name; the directory is synced by the caller. */
  async publish(): Promise<OutputFacts> {
    await this.#file.publish();
    return {
      name: basename(this.#path),
      bytes: this.#file.bytes,
      sha256: this.#hash.digest('hex'),
      rows: this.#rows,
    };
  }

  /** Closes without a result and gives the room back; after `publish` it does nothing. */
  abandon(): Promise<void> {
    return this.#file.abandon();
  }
}
