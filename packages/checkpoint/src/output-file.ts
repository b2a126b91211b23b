import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import type { DurableFile, DurableFileSystem } from './durable-file-system.ts';

/** A finished output, as the manifest keeps it. */
export interface OutputFacts {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows: number;
}

/** An output being written under a temporary name; hashed on the way. */
export class OutputFile {
  readonly #fileSystem: DurableFileSystem;
  readonly #path: string;
  readonly #file: DurableFile;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #rows = 0;
  #published = false;

  private constructor(fileSystem: DurableFileSystem, path: string, file: DurableFile) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#file = file;
  }

  /** A left-over of an earlier try is written over. */
  static async create(fileSystem: DurableFileSystem, path: string): Promise<OutputFile> {
    return new OutputFile(fileSystem, path, await fileSystem.open(`${path}.part`, 'w'));
  }

  /** @param rows how many rows the content holds */
  async append(content: Uint8Array | string, rows: number): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    if (bytes.length === 0) return;
    // Hashing takes as long as writing, and this thread has nothing else to do meanwhile.
    const writing = this.#file.write([bytes], this.#bytes);
    this.#hash.update(bytes);
    await writing;
    this.#bytes += bytes.length;
    this.#rows += rows;
  }

  /** Makes the content durable and gives it its name; the directory is synced by the caller. */
  async publish(): Promise<OutputFacts> {
    await this.#file.sync();
    await this.#file.close();
    await this.#fileSystem.rename(`${this.#path}.part`, this.#path);
    this.#published = true;
    return {
      name: basename(this.#path),
      bytes: this.#bytes,
      sha256: this.#hash.digest('hex'),
      rows: this.#rows,
    };
  }

  /** Closes without a result and gives the room back; after `publish` it does nothing. */
  async abandon(): Promise<void> {
    if (this.#published) return;
    await this.#file.close().catch(() => undefined);
    await this.#fileSystem.remove(`${this.#path}.part`).catch(() => undefined);
  }
}
