import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';

import { InputError, isVirnucproError } from '@virnucpro/protocol';

import type { DurableFileSystem } from './durable-file-system.ts';
import { hasLogMagic, LOG_MAGIC, readFrames } from './log-framing.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { hashFile } from './hash-file.ts';
import { encodeNpyHeader } from './npy.ts';
import { EMBEDDINGS_FILE, runPaths, SEQUENCES_FILE } from './run-directory.ts';

export interface Finding {
  readonly file: string;
  readonly problem: string;
}

export interface Verification {
  readonly runDirectory: string;
  readonly status: Manifest['status'] | 'unknown';
  readonly findings: readonly Finding[];
  readonly bytesRead: number;
}

const CHUNK_BYTES = 4 << 20;

/**
 * Re-reads what a run wrote and compares it with its checksums. Memory stays flat.
 *
 * @throws {InputError} NO_RUN when the folder holds none
 */
export async function verifyRun(fileSystem: DurableFileSystem, runDirectory: string): Promise<Verification> {
  const paths = runPaths(runDirectory);
  const findings: Finding[] = [];
  let manifest: Manifest | null;
  try {
    manifest = await readManifest(fileSystem, paths.manifest);
  } catch (error) {
    if (!isVirnucproError(error)) throw error;
    return {
      runDirectory,
      status: 'unknown',
      findings: [{ file: 'manifest.json', problem: error.message }],
      bytesRead: 0,
    };
  }
  if (manifest === null) throw new InputError('NO_RUN', `${runDirectory} holds no run (no manifest.json).`);
  let bytesRead = 0;
  for (const output of manifest.outputs ?? []) {
    const checked = await checkOutput(fileSystem, join(runDirectory, output.name), output, manifest);
    bytesRead += checked.bytes;
    findings.push(...checked.problems.map((problem) => ({ file: output.name, problem })));
  }
  for (const record of manifest.records ?? []) {
    const checked = await checkRecord(fileSystem, join(runDirectory, record.name), record);
    bytesRead += checked.bytes;
    findings.push(...checked.problems.map((problem) => ({ file: record.name, problem })));
  }
  for (const name of await fileSystem.list(paths.checkpointDirectory)) {
    const problem = await checkLog(fileSystem, join(paths.checkpointDirectory, name));
    if (problem !== null) findings.push({ file: `${basename(paths.checkpointDirectory)}/${name}`, problem });
  }
  return { runDirectory, status: manifest.status, findings, bytesRead };
}

type OutputEntry = NonNullable<Manifest['outputs']>[number];

async function checkOutput(
  fileSystem: DurableFileSystem,
  path: string,
  expected: OutputEntry,
  manifest: Manifest,
) {
  if (!(await fileSystem.exists(path))) return { bytes: 0, problems: ['it is missing'] };
  const file = await fileSystem.open(path, 'r');
  try {
    const hash = createHash('sha256');
    let [bytes, lines] = [0, 0];
    const problems: string[] = [];
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const read = await file.read(chunk, bytes);
      if (read === 0) break;
      const content = chunk.subarray(0, read);
      if (bytes === 0 && expected.name === EMBEDDINGS_FILE)
        problems.push(...headerProblems(content, expected.rows, manifest));
      if (expected.name === SEQUENCES_FILE) lines += countLines(content);
      hash.update(content);
      bytes += read;
    }
    if (bytes !== expected.bytes) problems.push(`it has ${bytes} bytes, ${expected.bytes} were written`);
    if (hash.digest('hex') !== expected.sha256)
      problems.push('its content is not what was written (sha256 differs)');
    if (expected.name === SEQUENCES_FILE && lines !== expected.rows + 1)
      problems.push(`it has ${lines - 1} rows, not ${expected.rows}`);
    return { bytes, problems };
  } finally {
    await file.close();
  }
}

async function checkRecord(
  fileSystem: DurableFileSystem,
  path: string,
  expected: NonNullable<Manifest['records']>[number],
) {
  if (!(await fileSystem.exists(path))) return { bytes: 0, problems: ['it is missing'] };
  const { bytes, sha256 } = await hashFile(fileSystem, path);
  const same = bytes === expected.bytes && sha256 === expected.sha256;
  return { bytes, problems: same ? [] : ['its content is not what was written (sha256 differs)'] };
}

function headerProblems(start: Buffer, rows: number, { model, settings }: Manifest): string[] {
  const dtype = settings['dtype'] === 'float16' ? 'float16' : 'float32';
  const header = encodeNpyHeader(rows, model.embeddingDim, dtype);
  return start.subarray(0, header.length).equals(header) ? [] : ['its header does not fit the run'];
}

function countLines(content: Buffer): number {
  let lines = 0;
  for (let at = content.indexOf(10); at !== -1; at = content.indexOf(10, at + 1)) lines += 1;
  return lines;
}

async function checkLog(fileSystem: DurableFileSystem, path: string): Promise<string | null> {
  const file = await fileSystem.open(path, 'r');
  try {
    if (!(await hasLogMagic(file))) return 'it is no shard log';
    let end = LOG_MAGIC.length;
    for await (const frame of readFrames(file, end)) end = frame.end;
    const bad = (await file.size()) - end;
    return bad === 0
      ? null
      : `${bad} bytes after byte ${end} are torn or damaged; a resume computes them anew`;
  } finally {
    await file.close();
  }
}
