import { assemblePacks, at, type Pack } from './pack.ts';
import { orderByDecreasingLength } from './token-lengths.ts';

/** The open bins of one packer, with its rule for choosing among them. */
export interface OpenBins {
  /** @returns the open bin into which an item of this length goes; opens one (numbered on) when it fits in none */
  choose(length: number): number;
  /** @returns what the bin can still take */
  residual(bin: number): number;
  /** Takes away from what the bin can take. */
  fill(bin: number, tokens: number): void;
  /** Bins opened so far. */
  readonly count: number;
}

/**
 * Places all items by decreasing length, ties by position. Items of equal length go in groups: both first fit and
 * best fit choose the same bin again as long as the length still fits there (filling a bin leaves it the first that
 * fits, and makes it the fullest that fits), so one choice per group gives the very packs that one per item would.
 *
 * @param createBins bins of the given capacity (tokens)
 * @returns packs in order of opening, those of the sequences over the budget first
 * @throws {RangeError} a length or the budget is not a positive integer
 */
export function packDecreasing(
  tokenLengths: ArrayLike<number>,
  tokenBudget: number,
  createBins: (capacity: number) => OpenBins,
): Pack[] {
  const { order, oversizeCount, capacity, countOfLength } = orderByDecreasingLength(
    tokenLengths,
    tokenBudget,
  );
  const bins = createBins(capacity);
  const packOfPlace = new Uint32Array(order.length);
  let place = 0;
  for (; place < oversizeCount; place += 1) packOfPlace[place] = place;
  for (let length = capacity; length > 0; length -= 1) {
    const end = place + at(countOfLength, length);
    while (place < end) {
      const bin = bins.choose(length);
      const group = Math.min(end - place, Math.floor(bins.residual(bin) / length));
      bins.fill(bin, group * length);
      packOfPlace.fill(oversizeCount + bin, place, place + group);
      place += group;
    }
  }
  return assemblePacks(tokenLengths, order, packOfPlace, oversizeCount + bins.count);
}
