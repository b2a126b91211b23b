import { deserializeError, VirnucproError, type Shard, type WorkerConfig } from '@virnucpro/protocol';
import { Piscina } from 'piscina';

import type { LoadedShard, LoadShardRequest } from './load-shard.ts';
import type { LoaderReply } from './loader-thread.ts';

export type ShardLoaderConfig = Pick<
  WorkerConfig,
  | 'inputPaths'
  | 'displayPaths'
  | 'vocabularyPath'
  | 'tokenBudget'
  | 'packing'
  | 'maxResidues'
  | 'longSequences'
  | 'translation'
> & { readonly loaderThreads: number };

const IDLE_THREAD_MS = 10_000;

/** Loads shards on CPU threads. */
export interface ShardLoader {
  /** @throws {VirnucproError} the loader's error, with the shard and file named */
  load(shard: Shard): Promise<LoadedShard>;
  /** Resolves when a thread waits for its first shard. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export function createShardLoader(
  config: ShardLoaderConfig,
  threadEntry = new URL(import.meta.resolve('@virnucpro/gpu-worker/loader-thread')),
): ShardLoader {
  const pool = new Piscina<LoadShardRequest | null, LoaderReply>({
    filename: threadEntry.href,
    minThreads: 1,
    maxThreads: config.loaderThreads,
    // The first thread stays: starting one costs the device a wait. Those beside it go when they are not needed.
    idleTimeout: IDLE_THREAD_MS,
  });
  return {
    load: async (shard) => {
      const reply = await pool.run(requestFor(shard, config));
      if (reply.ok) return reply.loaded;
      throw inShard(deserializeError(reply.error), shard);
    },
    ready: async () => {
      await pool.run(null, { name: 'prepare' });
    },
    close: () => pool.destroy(),
  };
}

function requestFor(shard: Shard, config: ShardLoaderConfig): LoadShardRequest {
  const { tokenBudget, packing, maxResidues, longSequences, vocabularyPath, translation } = config;
  return {
    shard,
    path: config.inputPaths[shard.fileIndex] as string,
    displayPath: config.displayPaths[shard.fileIndex] as string,
    vocabularyPath,
    tokenBudget,
    packing,
    maxResidues,
    longSequences,
    translation,
  };
}

function inShard(error: VirnucproError, shard: Shard): VirnucproError {
  const lastOrdinal = shard.firstOrdinal + shard.recordCount - 1;
  return new VirnucproError(
    error.code,
    error.exitCode,
    `${error.message} (while loading shard ${shard.shardId}, records ${shard.firstOrdinal} to ${lastOrdinal})`,
    { details: { ...error.details, shardId: shard.shardId }, cause: error },
  );
}
