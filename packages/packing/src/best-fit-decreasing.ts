import { packDecreasing, type OpenBins } from './decreasing-placement.ts';
import { IntegerSet } from './integer-set.ts';
import { at, type Pack } from './pack.ts';

/**
 * Packs by best-fit decreasing: longest sequences first, each into the fullest pack that still has room for it.
 *
 * @param tokenLengths tokens per sequence, BOS and EOS included; length n
 * @param tokenBudget tokens per pack; a longer sequence gets a pack of its own
 * @returns packs in order of opening: a partition of 0 … n - 1, never an empty pack; the same input gives the same
 *   packs (equal lengths by position, equally full packs by order of opening), so the part-empty ones come late
 * @throws {RangeError} a length or the budget is not a positive integer
 * @remarks O(n log n + tokenBudget) at worst, near O(n) in practice. At most 11/9 of the fewest packs plus a constant
 *   (Johnson et al. 1974, "Worst-case performance bounds for simple one-dimensional packing algorithms").
 */
export function packBestFitDecreasing(tokenLengths: ArrayLike<number>, tokenBudget: number): Pack[] {
  return packDecreasing(tokenLengths, tokenBudget, (capacity) => new BestFitBins(capacity));
}

const NONE = -1;

/**
 * Bins by what they can still take: a set of the residuals that occur and, for each, its bins in a skew heap (Sleator
 * and Tarjan 1986) by number, so that ties go to the bin opened first. Full bins are in neither.
 */
class BestFitBins implements OpenBins {
  readonly #capacity: number;
  readonly #residuals: number[] = [];
  readonly #occurring: IntegerSet;
  readonly #heapOfResidual: Int32Array;
  readonly #left: number[] = [];
  readonly #right: number[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#occurring = new IntegerSet(capacity);
    this.#heapOfResidual = new Int32Array(capacity + 1).fill(NONE);
  }

  get count(): number {
    return this.#residuals.length;
  }

  choose(length: number): number {
    const residual = this.#occurring.successor(length);
    return residual === NONE ? this.#open() : at(this.#heapOfResidual, residual);
  }

  residual(bin: number): number {
    return at(this.#residuals, bin);
  }

  /** `bin` is the one just chosen: the root of its residual's heap. */
  fill(bin: number, tokens: number): void {
    const residual = this.residual(bin);
    const rest = this.#merge(at(this.#left, bin), at(this.#right, bin));
    this.#heapOfResidual[residual] = rest;
    if (rest === NONE) this.#occurring.delete(residual);
    this.#residuals[bin] = residual - tokens;
    if (residual > tokens) this.#insert(bin);
  }

  #open(): number {
    const bin = this.#residuals.push(this.#capacity) - 1;
    this.#left.push(NONE);
    this.#right.push(NONE);
    this.#insert(bin);
    return bin;
  }

  #insert(bin: number): void {
    const residual = this.residual(bin);
    this.#left[bin] = NONE;
    this.#right[bin] = NONE;
    this.#heapOfResidual[residual] = this.#merge(at(this.#heapOfResidual, residual), bin);
    this.#occurring.add(residual);
  }

  /** Merges two skew heaps along their right spines, swapping children on the way. */
  #merge(one: number, other: number): number {
    if (one === NONE || other === NONE) return Math.max(one, other);
    const root = Math.min(one, other);
    let parent = root;
    let pending = Math.max(one, other);
    for (;;) {
      const next = at(this.#right, parent);
      this.#right[parent] = at(this.#left, parent);
      if (next === NONE) {
        this.#left[parent] = pending;
        return root;
      }
      const child = Math.min(next, pending);
      this.#left[parent] = child;
      pending = Math.max(next, pending);
      parent = child;
    }
  }
}
