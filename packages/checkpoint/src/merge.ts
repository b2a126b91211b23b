import { join } from 'node:path';

import { CheckpointError, type EmbeddingDtype, type Shard } from '@virnucpro/protocol';

import type { DurableFileSystem } from './durable-file-system.ts';
import { encodeNpyHeader } from './npy.ts';
import { OutputFile, type OutputFacts } from './output-file.ts';
import type { RejectionReason } from './rejection.ts';
import { EMBEDDINGS_FILE, FAILED_FILE, SEQUENCES_FILE } from './run-directory.ts';
import {
  FAILED_COLUMNS,
  failedLine,
  SEQUENCES_COLUMNS,
  sequencesLine,
  TRANSLATED_COLUMNS,
} from './output-lines.ts';
import { readShardResult, type ShardResult } from './shard-result.ts';

export interface MergeOptions {
  readonly fileSystem: DurableFileSystem;
  /** All shards of the run, in input order, with their logs. */
  readonly shards: readonly { readonly shard: Shard; readonly path: string }[];
  readonly runId: string;
  readonly settingsHash: string;
  readonly packerVersion: string;
  /** Inputs as the user named them, by file index. */
  readonly displayPaths: readonly string[];
  readonly outputDirectory: string;
  readonly embeddingDim: number;
  readonly dtype: EmbeddingDtype;
  /** The rows were translated from nucleotide records: sequences.tsv says from where. */
  readonly translated?: boolean;
  readonly signal?: AbortSignal;
}

export interface MergeResult {
  readonly rows: number;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Partial<Record<RejectionReason, number>>>;
  /** Nucleotide records without an open frame: neither rows nor rejected. 0 when nothing was translated. */
  readonly recordsWithoutFrames: number;
  readonly files: readonly OutputFacts[];
}

/**
 * Streams shard logs, in input order, into embeddings.npy, sequences.tsv and failed.tsv. Two shards at a time are in
 * memory. Each file is written beside, synced, then renamed: killed at any point, it leaves old files or new ones, and
 * another call gives the same bytes.
 *
 * @param rowCount rows over all shards; the header of the .npy file needs it first
 * @throws {CheckpointError} LOG_DAMAGED when a log does not account for each of its records exactly once
 */
export async function mergeShardLogs(options: MergeOptions, rowCount: number): Promise<MergeResult> {
  const { fileSystem, outputDirectory, embeddingDim, dtype } = options;
  const outputs = await createOutputs(fileSystem, outputDirectory);
  try {
    await outputs.embeddings.append(encodeNpyHeader(rowCount, embeddingDim, dtype), 0);
    const columns = options.translated === true ? TRANSLATED_COLUMNS : SEQUENCES_COLUMNS;
    await outputs.sequences.append(columns, 0);
    await outputs.failed.append(FAILED_COLUMNS, 0);
    const counts = await appendShards(options, outputs);
    if (counts.rows !== rowCount) {
      throw new CheckpointError(
        'MERGE_MISCOUNT',
        `the logs hold ${counts.rows} rows, ${rowCount} were counted before`,
      );
    }
    const files = [
      await outputs.embeddings.publish(),
      await outputs.sequences.publish(),
      await outputs.failed.publish(),
    ];
    await fileSystem.syncDirectory(outputDirectory);
    return { ...counts, files };
  } finally {
    await Promise.all(
      [outputs.embeddings, outputs.sequences, outputs.failed].map((output) => output.abandon()),
    );
  }
}

interface Outputs {
  readonly embeddings: OutputFile;
  readonly sequences: OutputFile;
  readonly failed: OutputFile;
}

async function createOutputs(fileSystem: DurableFileSystem, directory: string): Promise<Outputs> {
  const made: OutputFile[] = [];
  const create = async (name: string): Promise<OutputFile> => {
    const output = await OutputFile.create(fileSystem, join(directory, name));
    made.push(output);
    return output;
  };
  try {
    return {
      embeddings: await create(EMBEDDINGS_FILE),
      sequences: await create(SEQUENCES_FILE),
      failed: await create(FAILED_FILE),
    };
  } catch (error) {
    await Promise.all(made.map((output) => output.abandon()));
    throw error;
  }
}

async function appendShards(options: MergeOptions, outputs: Outputs) {
  const rejectedByReason: Partial<Record<RejectionReason, number>> = {};
  let [rows, rejected, recordsWithoutFrames] = [0, 0, 0];
  for await (const { shard, result } of readAhead(options)) {
    options.signal?.throwIfAborted();
    await appendShard(outputs, result, shard, options.displayPaths[shard.fileIndex] ?? '', rows);
    rows += result.rowCount;
    if (options.translated === true) recordsWithoutFrames += shard.recordCount - sourcesOf(result);
    for (const { reason } of result.rejections.values()) {
      rejected += 1;
      rejectedByReason[reason] = (rejectedByReason[reason] ?? 0) + 1;
    }
  }
  return { rows, rejected, rejectedByReason, recordsWithoutFrames };
}

/** Results in input order; the next is read while the caller writes this one. */
async function* readAhead(
  options: MergeOptions,
): AsyncGenerator<{ readonly shard: Shard; readonly result: ShardResult }> {
  const read = (index: number): Promise<ShardResult> | null => {
    const entry = options.shards[index];
    if (entry === undefined) return null;
    const { shard, path } = entry;
    const reading = readShardResult(options.fileSystem, path, { ...headerFields(options), shard });
    // Its error surfaces when its turn comes, if it does.
    reading.catch(() => undefined);
    return reading;
  };
  let next = read(0);
  for (const [index, { shard }] of options.shards.entries()) {
    const current = next;
    if (current === null) return;
    const result = await current;
    next = read(index + 1);
    yield { shard, result };
  }
}

function headerFields({ runId, settingsHash, embeddingDim, dtype, packerVersion }: MergeOptions) {
  return { runId, settingsHash, embeddingDim, dtype, packerVersion };
}

async function appendShard(
  outputs: Outputs,
  { records, rejections, rows, rowCount }: ShardResult,
  { firstOrdinal }: Shard,
  file: string,
  firstRow: number,
): Promise<void> {
  const sequences: string[] = [];
  const failed: string[] = [];
  records.forEach((record, index) => {
    const place = { file, ordinal: firstOrdinal + (record.origin?.record ?? index) };
    const rejection = rejections.get(index);
    if (rejection !== undefined) failed.push(failedLine(record, rejection, place));
    else sequences.push(sequencesLine(firstRow + sequences.length, record, place));
  });
  await outputs.embeddings.append(rows, rowCount);
  await outputs.sequences.append(sequences.join(''), sequences.length);
  await outputs.failed.append(failed.join(''), failed.length);
}

/** Nucleotide records that a shard's sequences, or rejections, come from. */
function sourcesOf({ records }: ShardResult): number {
  return new Set(records.map(({ origin }) => origin?.record)).size;
}
