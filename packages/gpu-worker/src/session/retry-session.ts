import type { CreateInferenceSession, InferenceSession, SessionOptions } from './inference-session.ts';
import { MemoryBudget } from './memory-budget.ts';

/** A session, and how many tokens its device takes at once. */
export interface BudgetedSession {
  readonly session: InferenceSession;
  readonly budget: MemoryBudget;
}

/**
 * Where rows that are NaN or infinite are computed a second time: in fp32 when the run is in fp16 or int8, by a second session
 * that is opened when it is first needed, because most runs never need it; else by the same session.
 */
export class RetrySession {
  readonly #first: BudgetedSession;
  readonly #options: SessionOptions;
  readonly #createSession: CreateInferenceSession;
  #opened: Promise<BudgetedSession> | null = null;

  constructor(first: BudgetedSession, options: SessionOptions, createSession: CreateInferenceSession) {
    this.#first = first;
    this.#options = options;
    this.#createSession = createSession;
  }

  /** @throws {DeviceError} SESSION_FAILED when the second session cannot be opened */
  open(): Promise<BudgetedSession> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** Closes the second session, if there is one. */
  async close(): Promise<void> {
    const opened = await this.#opened;
    if (opened !== null && opened !== this.#first) await opened.session.close();
  }

  async #open(): Promise<BudgetedSession> {
    const { fallbackGraphPath } = this.#options;
    if (fallbackGraphPath === null) return this.#first;
    const session = await this.#createSession({
      ...this.#options,
      graphPath: fallbackGraphPath,
      fallbackGraphPath: null,
    });
    return { session, budget: new MemoryBudget() };
  }
}
