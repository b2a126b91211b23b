import { describe, expect, test } from '@jest/globals';

import type { PackedBatch } from '../collate/packed-batch.ts';
import { layOutPack } from '../collate/varlen-collator.ts';
import type { SessionResult } from '../session/session-messages.ts';
import { AsyncInferenceRunner, runAsyncInference, type BatchSession } from './async-inference-runner.ts';

describe('AsyncInferenceRunner', () => {
  test('gives results in the order of the loader, also when the session answers out of order', async () => {
    const session = new GatedSession();
    const results = runAsyncInference(loaderOf(3), { session, queueDepth: 3 });
    await session.holds(3);
    session.answer(2);
    session.answer(0);
    session.answer(1);
    expect(
      (await results).map(({ batch, batchIndex, sequenceIds }) => [batch.packIndex, batchIndex, sequenceIds]),
    ).toEqual([
      [0, 0, ['s0']],
      [1, 1, ['s1']],
      [2, 2, ['s2']],
    ]);
  });

  test('hands the session no more packs than the queue is deep', async () => {
    const session = new GatedSession();
    const run = runAsyncInference(loaderOf(5), { session, queueDepth: 2 });
    await session.holds(2);
    session.answer(0);
    await session.holds(3);
    expect(session.handed).toBe(3);
    for (const request of [1, 2, 3, 4]) {
      await session.holds(request + 1);
      session.answer(request);
    }
    expect(await run).toHaveLength(5);
  });

  test('ends without an error when the session drains', async () => {
    const session = new GatedSession();
    const run = runAsyncInference(loaderOf(4), { session, queueDepth: 2 });
    await session.holds(2);
    session.answer(0);
    session.skip(1);
    expect(await run).toHaveLength(1);
  });

  test('passes on the error of the session, after the results before it', async () => {
    const session = new GatedSession();
    const seen: number[] = [];
    const run = (async () => {
      const runner = new AsyncInferenceRunner({ session, queueDepth: 2 });
      for await (const { batchIndex } of runner.run(loaderOf(2))) seen.push(batchIndex);
    })();
    await session.holds(2);
    session.fail(1, new Error('device lost'));
    session.answer(0);
    await expect(run).rejects.toThrow('device lost');
    expect(seen).toEqual([0]);
  });

  test('passes on the error of the loader', async () => {
    // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable that fails
    async function* broken(): AsyncGenerator<PackedBatch> {
      yield batchOf(0);
      throw new Error('file gone');
    }
    const session = new GatedSession();
    const run = runAsyncInference(broken(), { session, queueDepth: 2 });
    await session.holds(1);
    session.answer(0);
    await expect(run).rejects.toThrow('file gone');
  });

  test('refuses a pack whose ids are missing', async () => {
    const session = new GatedSession();
    const runner = new AsyncInferenceRunner({ session, queueDepth: 1 });
    await expect(runner.processBatch({ ...batchOf(0), sequenceIds: [] })).rejects.toThrow(
      'every sequence needs its id',
    );
    expect(session.handed).toBe(0);
  });
});

/** A session that answers when the test says so. */
class GatedSession implements BatchSession {
  readonly #answers: { resolve: (result: SessionResult | null) => void; reject: (error: Error) => void }[] =
    [];
  #changed: () => void = () => undefined;

  get handed(): number {
    return this.#answers.length;
  }

  run(): Promise<SessionResult | null> {
    return new Promise((resolve, reject) => {
      this.#answers.push({ resolve, reject });
      this.#changed();
    });
  }

  async holds(count: number): Promise<void> {
    while (this.handed < count) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  answer(request: number): void {
    this.#answers[request]!.resolve({
      rows: new Uint8Array(4),
      nonFiniteRows: [],
      parts: 1,
      waitMs: 0,
      busyMs: 1,
    });
  }

  skip(request: number): void {
    this.#answers[request]!.resolve(null);
  }

  fail(request: number, error: Error): void {
    this.#answers[request]!.reject(error);
  }
}

function batchOf(packIndex: number): PackedBatch {
  const tokens = Uint8Array.of(0, 5, 2);
  return layOutPack([{ id: `s${packIndex}`, recordIndex: packIndex, tokens }], packIndex, false);
}

// eslint-disable-next-line @typescript-eslint/require-await -- an async iterable of values at hand
async function* loaderOf(count: number): AsyncGenerator<PackedBatch> {
  for (let packIndex = 0; packIndex < count; packIndex += 1) yield batchOf(packIndex);
}
