import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';

import { InputError } from '@virnucpro/protocol/errors';

import { decompressInto, type ByteSink } from './byte-source.ts';
import { inputChanged } from './fasta-error.ts';
import type { InputFile } from './input-files.ts';

/** An uncompressed file that can be read at any offset. */
export interface PlainFile {
  readonly displayPath: string;
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

export interface SpoolProgress {
  readonly displayPath: string;
  /** Read so far, before decompression. */
  readonly bytesRead: number;
  /** To read in all; null for standard input. */
  readonly bytesTotal: number | null;
}

export interface SpoolOptions {
  readonly onProgress?: (progress: SpoolProgress) => void;
  /** Ends the reading; what was begun is thrown away. */
  readonly signal?: AbortSignal;
}

interface Spooling {
  readonly file: InputFile;
  readonly target: string;
  readonly stream: () => NodeJS.ReadableStream;
  readonly onProgress: (progress: SpoolProgress) => void;
}

const READ_BYTES = 256 * 1024;

/**
 * Makes every input a plain file: those that are pass through, gzip and standard input are written to
 * `spoolDirectory`. A spooled file appears under its name only when complete and durable, and is then used
 * again: a gzip file's as long as path, size and time of change are the same; standard input's when what comes
 * now is the same, nothing (as on resuming in a batch job) or a terminal.
 *
 * @throws {AbortError} the signal was given
 * @throws {InputError} GZIP_TRUNCATED, GZIP_CORRUPT, INPUT_EMPTY, INPUT_CHANGED (other data on standard input), naming the file
 * @throws the file system's error (ENOSPC …) as it is
 */
export async function spoolInputs(
  files: readonly InputFile[],
  spoolDirectory: string,
  stdin: NodeJS.ReadableStream,
  { onProgress = () => undefined, signal }: SpoolOptions = {},
): Promise<PlainFile[]> {
  const plain: PlainFile[] = [];
  for (const [index, file] of files.entries()) {
    if (file.kind === 'plain') {
      plain.push(await plainFile(file.displayPath, file.path));
      continue;
    }
    await mkdir(spoolDirectory, { recursive: true });
    const target = join(spoolDirectory, `${String(index).padStart(4, '0')}-${await spoolName(file)}.fasta`);
    const open = () =>
      file.kind === 'stdin' ? stdin : createReadStream(file.path, { highWaterMark: READ_BYTES });
    const stream = () => (signal === undefined ? open() : addAbortSignal(signal, open() as Readable));
    const spooling = { file, target, stream, onProgress };
    if (!(await exists(target))) await spool(spooling, spoolDirectory);
    else if (file.kind === 'stdin') await compare(spooling);
    plain.push(await plainFile(file.displayPath, target));
  }
  return plain;
}

async function plainFile(displayPath: string, path: string): Promise<PlainFile> {
  const { size, mtimeMs } = await stat(path);
  return { displayPath, path, bytes: size, mtimeMs };
}

async function spoolName(file: InputFile): Promise<string> {
  if (file.kind === 'stdin') return 'stdin';
  const { size, mtimeMs } = await stat(file.path);
  return createHash('sha256')
    .update(JSON.stringify([file.path, size, mtimeMs]))
    .digest('hex')
    .slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function spool(spooling: Spooling, spoolDirectory: string): Promise<void> {
  const temporary = `${spooling.target}.tmp`;
  try {
    await writeDurably(spooling, temporary);
    await rename(temporary, spooling.target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(spoolDirectory);
}

async function writeDurably(spooling: Spooling, path: string): Promise<void> {
  const { displayPath } = spooling.file;
  const file = await open(path, 'w');
  try {
    await decompress(spooling, async (source) => {
      for await (const bytes of source) await file.writeFile(bytes);
    });
    if ((await file.stat()).size === 0) {
      throw new InputError('INPUT_EMPTY', `${nameOf(displayPath)} is empty: no FASTA came out of it.`, {
        details: { path: displayPath },
      });
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function decompress({ file, stream, onProgress }: Spooling, sink: ByteSink): Promise<void> {
  let bytesRead = 0;
  const source = { stream: stream(), displayPath: nameOf(file.displayPath) };
  await decompressInto(sink, source, (count) => {
    bytesRead += count;
    onProgress({ displayPath: file.displayPath, bytesRead, bytesTotal: file.bytes });
  });
}

/**
 * Is a gzip file still what was spooled?
 *
 * @throws {InputError} INPUT_CHANGED, or what reading it throws
 */
export async function compareWithSpool(file: InputFile, spoolPath: string): Promise<void> {
  await compare({
    file,
    target: spoolPath,
    stream: () => createReadStream(file.path, { highWaterMark: READ_BYTES }),
    onProgress: () => undefined,
  });
}

/** Standard input was spooled by an earlier attempt: silently using that for other data would be wrong. */
async function compare(spooling: Spooling): Promise<void> {
  const stream = spooling.stream();
  if ('isTTY' in stream && stream.isTTY === true) return;
  const spooled = await open(spooling.target, 'r');
  try {
    const { size } = await spooled.stat();
    let compared = 0;
    await decompress(spooling, async (source) => {
      for await (const bytes of source) {
        const { buffer, bytesRead } = await spooled.read(
          Buffer.alloc(bytes.length),
          0,
          bytes.length,
          compared,
        );
        if (bytesRead < bytes.length || !buffer.equals(bytes)) throw otherData(spooling, compared);
        compared += bytesRead;
      }
    });
    if (compared > 0 && compared < size) throw otherData(spooling, compared);
  } finally {
    await spooled.close();
  }
}

function otherData({ file }: Spooling, offset: number): InputError {
  return inputChanged(nameOf(file.displayPath), `the data differ after byte ${offset}`);
}

function nameOf(displayPath: string): string {
  return displayPath === '-' ? 'standard input' : displayPath;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
