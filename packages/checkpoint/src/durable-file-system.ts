import { randomUUID } from 'node:crypto';
import { constants, writeSync, type Dirent } from 'node:fs';
import {
  access,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  statfs,
  type FileHandle,
} from 'node:fs/promises';
import { dirname } from 'node:path';

/** An open file. Positions are explicit: nothing depends on a hidden cursor. */
export interface DurableFile {
  /** Reads until the buffer is full or the file ends; returns the bytes read. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes all buffers, one behind the other. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** Writes all bytes before it returns: for a program that has nothing else to do, and many bytes. */
  writeSync(bytes: Uint8Array, position: number): void;
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/**
 * The one seam between checkpoints and the disk. Everything durable goes through it, so that a fault injector can
 * fail, or end the process, at any call.
 */
export interface DurableFileSystem {
  /** @param flags r, r+, w, or wx: must not exist */
  open(path: string, flags: 'r' | 'r+' | 'w' | 'wx'): Promise<DurableFile>;
  readFile(path: string): Promise<Buffer>;
  exists(path: string): Promise<boolean>;
  makeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; fails when the name is taken. */
  link(from: string, to: string): Promise<void>;
  /** Removing what is not there is no error. */
  remove(path: string): Promise<void>;
  /** With everything in it. */
  removeDirectory(path: string): Promise<void>;
  /** Files directly in a directory, by name, sorted; none when it is not there. */
  list(path: string): Promise<readonly string[]>;
  /** Folders directly in a directory, by name, sorted; none when it is not there. */
  listDirectories(path: string): Promise<readonly string[]>;
  /** Room left for this user on the file system that holds the path. */
  freeBytes(path: string): Promise<number>;
  /** Makes creations, renames and removals in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

const FILE_MODE = 0o644;

/**
 * For larger pieces Linux looks for larger runs of free pages. A virtual machine may have given just those back to its
 * host, and then they cost several times the work of the copy.
 */
const SYNC_WRITE_BYTES = 64 * 1024;

export const nodeFileSystem: DurableFileSystem = {
  open: async (path, flags) => new NodeFile(await open(path, flags, FILE_MODE)),
  readFile: (path) => readFile(path),
  exists: (path) =>
    access(path, constants.F_OK).then(
      () => true,
      () => false,
    ),
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
  },
  rename,
  link,
  remove: (path) => rm(path, { force: true }),
  removeDirectory: (path) => rm(path, { recursive: true, force: true }),
  list: (path) => namesOf(path, (entry) => entry.isFile()),
  listDirectories: (path) => namesOf(path, (entry) => entry.isDirectory()),
  freeBytes: async (path) => {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
  syncDirectory: async (path) => {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

async function namesOf(path: string, wanted: (entry: Dirent) => boolean): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter(wanted)
    .map(({ name }) => name)
    .sort();
}

class NodeFile implements DurableFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < buffer.length) {
      const { bytesRead } = await this.#handle.read(buffer, done, buffer.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    const total = buffers.reduce((sum, { length }) => sum + length, 0);
    const { bytesWritten } = await this.#handle.writev([...buffers], position);
    if (bytesWritten === total) return;
    // The kernel may take less (2 GiB at once, a nearly full disk): the rest follows, or fails with the reason.
    const rest = Buffer.concat(buffers).subarray(bytesWritten);
    for (let done = 0; done < rest.length;) {
      const more = await this.#handle.write(rest, done, rest.length - done, position + bytesWritten + done);
      done += more.bytesWritten;
    }
  }

  writeSync(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length;) {
      const count = Math.min(SYNC_WRITE_BYTES, bytes.length - done);
      done += writeSync(this.#handle.fd, bytes, done, count, position + done);
    }
  }

  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async truncate(length: number): Promise<void> {
    await this.#handle.truncate(length);
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Replaces a file whole: a reader, and a crash, see the old content or the new one. */
export async function writeFileAtomically(
  fileSystem: DurableFileSystem,
  path: string,
  content: Uint8Array,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    await writeNew(fileSystem, temporary, content);
    await fileSystem.rename(temporary, path);
  } catch (error) {
    await fileSystem.remove(temporary).catch(() => undefined);
    throw error;
  }
  await fileSystem.syncDirectory(dirname(path));
}

async function writeNew(fileSystem: DurableFileSystem, path: string, content: Uint8Array): Promise<void> {
  const file = await fileSystem.open(path, 'wx');
  try {
    await file.write([content], 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
