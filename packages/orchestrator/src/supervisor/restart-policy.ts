/** When a worker that ended may be started again. */
export interface RestartPolicyOptions {
  /** Delay before the first restart; doubles with every failure that no progress lies between. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Failures in a row, without progress, after which the device is given up. */
  readonly maxFailures: number;
}

export const DEFAULT_RESTART_POLICY: RestartPolicyOptions = {
  firstDelayMs: 250,
  maxDelayMs: 30_000,
  maxFailures: 5,
};

export type RestartDecision =
  | { readonly action: 'restart'; readonly delayMs: number }
  | { readonly action: 'retire'; readonly failures: number };

/** Back-off of one worker. Pure: it knows no clock, only failures and progress. */
export class RestartPolicy {
  readonly #options: RestartPolicyOptions;
  #failures = 0;

  constructor(options: RestartPolicyOptions = DEFAULT_RESTART_POLICY) {
    this.#options = options;
  }

  /** The worker finished something: failures before that do not count any more. */
  progressed(): void {
    this.#failures = 0;
  }

  failed(): RestartDecision {
    this.#failures += 1;
    const { firstDelayMs, maxDelayMs, maxFailures } = this.#options;
    if (this.#failures >= maxFailures) return { action: 'retire', failures: this.#failures };
    return { action: 'restart', delayMs: Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#failures - 1)) };
  }
}
