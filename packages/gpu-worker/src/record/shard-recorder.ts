import {
  rowBytesOf,
  shardLogPath,
  ShardLogWriter,
  type DurableFileSystem,
  type ShardLogHeader,
} from '@virnucpro/checkpoint/worker';
import { PACKER_VERSION } from '@virnucpro/packing';
import type { ShardId, WorkerConfig, WorkerMessage } from '@virnucpro/protocol';

import { countCopies } from '../collate/unique-sequences.ts';
import type { InferenceResult } from '../inference/async-inference-runner.ts';
import type { Assignment, ShardPack } from '../loader/async-data-loader.ts';
import type { LoadedShard } from '../loader/load-shard.ts';
import { packEntry } from './pack-entry.ts';

export type ShardCompleted = Extract<WorkerMessage, { type: 'shard-completed' }>;

export interface ShardRecorderOptions {
  readonly fileSystem: DurableFileSystem;
  readonly config: Pick<
    WorkerConfig,
    'checkpointDirectory' | 'runId' | 'settingsHash' | 'embeddingDim' | 'dtype'
  >;
  /** Called once a shard is durable. */
  readonly onCompleted: (completed: ShardCompleted) => void;
  /** A log that could not be used, or was cut: what it was and what follows. */
  readonly onRepaired: (shardId: ShardId, problem: string) => void;
  /** A log that could not be finished: the disk is full, the file system is gone. */
  readonly onFailed: (error: unknown) => void;
  readonly nowMs: () => number;
}

interface OpenShard {
  readonly assignment: Assignment;
  readonly writer: ShardLogWriter;
  readonly startedMs: number;
  readonly packs: number;
  readonly packsReused: number;
  readonly tokensReused: number;
  readonly tokens: number;
  remaining: number;
  packsSplit: number;
}

/** Writes results to the checkpoint logs of the shards that this worker holds. */
export class ShardRecorder {
  readonly #options: ShardRecorderOptions;
  readonly #open = new Map<number, OpenShard>();
  readonly #finishing = new Set<Promise<void>>();

  constructor(options: ShardRecorderOptions) {
    this.#options = options;
  }

  /** @returns the packs that the log already holds */
  async open(assignment: Assignment, loaded: LoadedShard): Promise<ReadonlySet<number>> {
    const { fileSystem, config, nowMs } = this.#options;
    const { shard } = assignment;
    const header: ShardLogHeader = {
      runId: config.runId,
      settingsHash: config.settingsHash,
      shard,
      embeddingDim: config.embeddingDim,
      dtype: config.dtype,
      packerVersion: PACKER_VERSION,
    };
    const path = shardLogPath(config.checkpointDirectory, shard.shardId);
    const opened = await ShardLogWriter.open(fileSystem, path, header, loaded.records);
    this.#reportRepair(shard.shardId, opened.discarded?.reason ?? null, opened.tornBytes);
    const open: OpenShard = {
      assignment,
      writer: opened.writer,
      startedMs: nowMs(),
      packs: loaded.packs.length,
      packsReused: opened.finishedPacks.size,
      tokensReused: tokensOf(loaded, opened.finishedPacks),
      tokens: loaded.tokens,
      remaining: loaded.packs.length - opened.finishedPacks.size,
      packsSplit: 0,
    };
    this.#open.set(shard.shardId, open);
    if (open.remaining === 0) this.#finish(open);
    return opened.finishedPacks;
  }

  /** Appends one pack; the last pack of a shard also finishes its log, in the background. */
  async record(result: InferenceResult<ShardPack>): Promise<void> {
    const open = this.#open.get(result.batch.assignment.shard.shardId);
    if (open === undefined) throw new Error(`no open log for shard ${result.batch.assignment.shard.shardId}`);
    const { embeddingDim, dtype } = this.#options.config;
    await open.writer.append(packEntry(result, rowBytesOf(embeddingDim, dtype)));
    open.remaining -= 1;
    if (result.parts > 1) open.packsSplit += 1;
    if (open.remaining === 0) this.#finish(open);
  }

  /** Makes all that was appended durable. */
  async sync(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ writer }) => writer.sync()));
  }

  /** Waits for logs being finished; syncs and closes the unfinished ones. */
  async close(): Promise<void> {
    await Promise.all(this.#finishing);
    await this.sync();
    await Promise.all([...this.#open.values()].map(({ writer }) => writer.close()));
    this.#open.clear();
  }

  #finish(open: OpenShard): void {
    const { shard } = open.assignment;
    this.#open.delete(shard.shardId);
    const finishing = this.#finishLog(open)
      .catch(this.#options.onFailed)
      .finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
  }

  async #finishLog(open: OpenShard): Promise<void> {
    const { assignment, writer, startedMs, packs, packsReused, tokensReused, tokens, packsSplit } = open;
    const totals = await writer.finish({ tokens });
    await writer.close();
    this.#options.onCompleted({
      type: 'shard-completed',
      leaseId: assignment.leaseId,
      shardId: assignment.shard.shardId,
      rows: totals.rows,
      rejected: totals.rejected,
      packs,
      packsReused,
      tokensReused,
      packsSplit,
      tokens,
      elapsedMs: this.#options.nowMs() - startedMs,
    });
  }

  #reportRepair(shardId: ShardId, discarded: string | null, tornBytes: number): void {
    if (discarded !== null) this.#options.onRepaired(shardId, `${discarded}; the shard is computed anew`);
    if (tornBytes > 0)
      this.#options.onRepaired(
        shardId,
        `its last ${tornBytes} bytes were torn or damaged and are cut off; what they held is computed anew`,
      );
  }
}

/** Of the packs that are in the log already, with what they spare. */
function tokensOf({ packs, copies }: LoadedShard, finished: ReadonlySet<number>): number {
  return packs
    .filter(({ packIndex }) => finished.has(packIndex))
    .reduce((sum, pack) => sum + pack.numTokens + countCopies(pack, copies).copiedTokens, 0);
}
