import type { DurableFile, DurableFileSystem } from './durable-file-system.ts';

/** The temporary name of a file. */
export function partPath(path: string): string {
  return `${path}.part`;
}

/** A file that is written from start to end, and has a temporary name until it is whole. */
export class PartFile {
  readonly #fileSystem: DurableFileSystem;
  readonly #path: string;
  readonly #file: DurableFile;
  #bytes = 0;
  #published = false;

  private constructor(fileSystem: DurableFileSystem, path: string, file: DurableFile) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#file = file;
  }

  /** A left-over of an earlier try is written over. */
  static async create(fileSystem: DurableFileSystem, path: string): Promise<PartFile> {
    return new PartFile(fileSystem, path, await fileSystem.open(partPath(path), 'w'));
  }

  /** Written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    await this.#file.write([bytes], this.#bytes);
    this.#bytes += bytes.length;
  }

  /** The same, done when it returns. */
  appendSync(bytes: Uint8Array): void {
    this.#file.writeSync(bytes, this.#bytes);
    this.#bytes += bytes.length;
  }

  /** Makes the content durable and gives it its name; the directory is synced by the caller. */
  async publish(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await this.#fileSystem.rename(partPath(this.#path), this.#path);
    this.#published = true;
  }

  /** Closes without a result and gives the room back; after `publish` it does nothing. */
  async abandon(): Promise<void> {
    if (this.#published) return;
    await this.#file.close().catch(() => undefined);
    await this.#fileSystem.remove(partPath(this.#path)).catch(() => undefined);
  }
}
