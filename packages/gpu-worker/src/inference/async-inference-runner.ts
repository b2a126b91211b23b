import type { PackedBatch } from '../collate/packed-batch.ts';
import type { PackInput, SessionResult } from '../session/session-messages.ts';
import { BatchQueue } from './batch-queue.ts';

/** The part of a session that the runner needs; null means that it drains and did not compute the pack. */
export interface BatchSession {
  run(input: PackInput): Promise<SessionResult | null>;
}

export interface InferenceResult<Batch extends PackedBatch = PackedBatch> extends SessionResult {
  readonly batch: Batch;
  /** Position in the run of this runner. */
  readonly batchIndex: number;
  readonly sequenceIds: readonly string[];
  /** Packs that were ready behind this one when its result came. */
  readonly queueDepth: number;
}

export interface AsyncInferenceRunnerOptions {
  readonly session: BatchSession;
  /** Packs handed to the session ahead of the one it computes, plus that one. */
  readonly queueDepth: number;
}

/** Keeps the session's queue filled from a loader and gives results back in the loader's order. */
export class AsyncInferenceRunner {
  readonly #session: BatchSession;
  readonly #queueDepth: number;

  constructor(options: AsyncInferenceRunnerOptions) {
    this.#session = options.session;
    this.#queueDepth = options.queueDepth;
  }

  /**
   * Computes one pack.
   *
   * @returns null when the session drains
   * @throws {Error} when ids are missing: rows without names are never made up
   */
  processBatch(batch: PackedBatch): Promise<SessionResult | null> {
    if (batch.sequenceIds.length !== batch.numSequences) {
      return Promise.reject(
        new Error(
          `pack ${batch.packIndex} holds ${batch.numSequences} sequences and ${batch.sequenceIds.length} ids; every sequence needs its id`,
        ),
      );
    }
    return this.#session.run(batch);
  }

  /**
   * @yields results in the loader's order, until the loader ends, or the session drains
   * @throws whatever the loader or the session threw; packs handed over before it are still yielded
   */
  async *run<Batch extends PackedBatch>(
    loader: AsyncIterable<Batch>,
  ): AsyncGenerator<InferenceResult<Batch>> {
    const queue = new BatchQueue<Batch>(this.#queueDepth);
    const feeding = this.#feed(loader, queue);
    // Awaited below, unless the run ends before.
    feeding.catch(() => undefined);
    let batchIndex = 0;
    try {
      for await (const { batch, result } of queue) {
        if (result === null) return;
        yield { ...result, batch, batchIndex, sequenceIds: batch.sequenceIds, queueDepth: queue.size };
        batchIndex += 1;
      }
      await feeding;
    } finally {
      queue.abandon();
    }
  }

  async #feed<Batch extends PackedBatch>(
    loader: AsyncIterable<Batch>,
    queue: BatchQueue<Batch>,
  ): Promise<void> {
    try {
      for await (const batch of loader) {
        if (!(await queue.hasRoom())) return;
        queue.push(batch, this.processBatch(batch));
      }
    } finally {
      queue.end();
    }
  }
}

/** All results of a loader, for short runs and tests. */
export async function runAsyncInference<Batch extends PackedBatch>(
  loader: AsyncIterable<Batch>,
  options: AsyncInferenceRunnerOptions,
): Promise<InferenceResult<Batch>[]> {
  const results: InferenceResult<Batch>[] = [];
  for await (const result of new AsyncInferenceRunner(options).run(loader)) results.push(result);
  return results;
}
