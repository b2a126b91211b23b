import { packDecreasing, type OpenBins } from './decreasing-placement.ts';
import { at, type Pack } from './pack.ts';

/**
 * Packs by first-fit decreasing: longest sequences first, each into the first pack, in order of opening, that has
 * room for it.
 *
 * @param tokenLengths tokens per sequence, BOS and EOS included; length n
 * @param tokenBudget tokens per pack; a longer sequence gets a pack of its own
 * @returns packs in order of opening: a partition of 0 … n - 1, never an empty pack; the same input gives the same
 *   packs (equal lengths by position)
 * @throws {RangeError} a length or the budget is not a positive integer
 * @remarks O(n log n + tokenBudget), by a tournament tree over the packs (Johnson 1973). At most 11/9 of the fewest
 *   packs plus 6/9 (Dósa 2007, "The tight bound of first fit decreasing bin-packing").
 */
export function packFirstFitDecreasing(tokenLengths: ArrayLike<number>, tokenBudget: number): Pack[] {
  return packDecreasing(tokenLengths, tokenBudget, (capacity) => new FirstFitBins(capacity));
}

/** Residuals at the leaves of a binary tree whose inner nodes hold the greatest residual below: 1 is the root. */
class FirstFitBins implements OpenBins {
  readonly #capacity: number;
  #leaves = 64;
  #tree = new Float64Array(2 * this.#leaves);
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get count(): number {
    return this.#count;
  }

  choose(length: number): number {
    if (at(this.#tree, 1) < length) return this.#open();
    let node = 1;
    while (node < this.#leaves) node = at(this.#tree, 2 * node) >= length ? 2 * node : 2 * node + 1;
    return node - this.#leaves;
  }

  residual(bin: number): number {
    return at(this.#tree, this.#leaves + bin);
  }

  fill(bin: number, tokens: number): void {
    this.#set(bin, this.residual(bin) - tokens);
  }

  #open(): number {
    if (this.#count === this.#leaves) this.#grow();
    const bin = this.#count;
    this.#count += 1;
    this.#set(bin, this.#capacity);
    return bin;
  }

  #set(bin: number, residual: number): void {
    let node = this.#leaves + bin;
    this.#tree[node] = residual;
    while (node > 1) {
      node >>>= 1;
      const greatest = this.#greatestBelow(node);
      if (at(this.#tree, node) === greatest) return;
      this.#tree[node] = greatest;
    }
  }

  #grow(): void {
    const residuals = this.#tree.subarray(this.#leaves);
    this.#leaves *= 2;
    this.#tree = new Float64Array(2 * this.#leaves);
    this.#tree.set(residuals, this.#leaves);
    for (let node = this.#leaves - 1; node > 0; node -= 1) this.#tree[node] = this.#greatestBelow(node);
  }

  #greatestBelow(node: number): number {
    return Math.max(at(this.#tree, 2 * node), at(this.#tree, 2 * node + 1));
  }
}
