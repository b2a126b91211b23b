import type { SessionResult } from '../session/session-messages.ts';

interface Entry<Batch> {
  readonly batch: Batch;
  readonly result: Promise<SessionResult | null>;
}

interface Settled<Batch> {
  readonly batch: Batch;
  readonly result: SessionResult | null;
}

/**
 * The bounded queue between loader and session: packs handed to the session, in order, with their results to
 * come. `hasRoom` is the back-pressure on the loader.
 */
export class BatchQueue<Batch> implements AsyncIterable<Settled<Batch>> {
  readonly #limit: number;
  readonly #entries: Entry<Batch>[] = [];
  #inFlight = 0;
  #ended = false;
  #abandoned = false;
  #wakeReader: () => void = () => undefined;
  #wakeWriter: () => void = () => undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Packs handed over whose results were not read yet. */
  get size(): number {
    return this.#inFlight;
  }

  /** Resolves once a pack may be pushed; to false when nobody reads any more. */
  async hasRoom(): Promise<boolean> {
    while (this.#inFlight >= this.#limit && !this.#abandoned) {
      await new Promise<void>((resolve) => (this.#wakeWriter = resolve));
    }
    return !this.#abandoned;
  }

  push(batch: Batch, result: Promise<SessionResult | null>): void {
    // The error surfaces when its turn comes.
    result.catch(() => undefined);
    this.#inFlight += 1;
    this.#entries.push({ batch, result });
    this.#wakeReader();
  }

  /** Nothing more will be pushed. */
  end(): void {
    this.#ended = true;
    this.#wakeReader();
  }

  /** Nothing more will be read. */
  abandon(): void {
    this.#abandoned = true;
    this.#wakeWriter();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Settled<Batch>> {
    for (;;) {
      const entry = this.#entries.shift();
      if (entry !== undefined) {
        const result = await entry.result;
        this.#inFlight -= 1;
        this.#wakeWriter();
        yield { batch: entry.batch, result };
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }
}
