export interface MemoryBudgetOptions {
  /** Packs computed without a failure after which the budget doubles again. */
  readonly growAfter: number;
  readonly smallestTokens: number;
}

const DEFAULTS: MemoryBudgetOptions = { growAfter: 32, smallestTokens: 64 };

/**
 * How many tokens the device takes at once. Without a limit until an allocation fails; then half of what failed, and
 * half again; after a while of success twice as much, until the limit is gone. Pure.
 */
export class MemoryBudget {
  readonly #options: MemoryBudgetOptions;
  #limit = Number.POSITIVE_INFINITY;
  /** The size that failed first: reached again, there is no limit any more. */
  #failedTokens = Number.POSITIVE_INFINITY;
  #successes = 0;

  constructor(options: Partial<MemoryBudgetOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Tokens at once; infinite while nothing failed. */
  get limit(): number {
    return this.#limit;
  }

  /** @returns false when less cannot be tried */
  failed(tokens: number): boolean {
    this.#successes = 0;
    const half = Math.ceil(tokens / 2);
    if (half < this.#options.smallestTokens) return false;
    if (this.#limit === Number.POSITIVE_INFINITY) this.#failedTokens = tokens;
    this.#limit = half;
    return true;
  }

  succeeded(): void {
    if (this.#limit === Number.POSITIVE_INFINITY) return;
    this.#successes += 1;
    if (this.#successes < this.#options.growAfter) return;
    this.#successes = 0;
    const doubled = this.#limit * 2;
    this.#limit = doubled >= this.#failedTokens ? Number.POSITIVE_INFINITY : doubled;
  }
}

const ALLOCATION_FAILURE =
  /out of memory|failed to allocate|bad_alloc|BFCArena|CUDA_ERROR_OUT_OF_MEMORY|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED/i;

/** What ONNX Runtime and the CUDA libraries say when there is no memory left. */
export function isAllocationFailure(error: unknown): boolean {
  return error instanceof Error && ALLOCATION_FAILURE.test(error.message);
}
