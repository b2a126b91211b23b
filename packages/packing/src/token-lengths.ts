import { at } from './pack.ts';

/**
 * Lengths in the order in which the decreasing packers take them, with their histogram.
 *
 * `order` holds all item positions by decreasing length, ties by position: first the `oversizeCount` items over the
 * capacity, then the others.
 */
export interface DecreasingOrder {
  readonly order: Uint32Array;
  readonly oversizeCount: number;
  /** Capacity in force: the budget, or the sum of all lengths where that is less (so tables stay small). */
  readonly capacity: number;
  /** countOfLength[l] = items of length l, for l from 0 to capacity. */
  readonly countOfLength: Uint32Array;
}

/**
 * Sorts by counting: O(n + capacity); only lengths over the budget are compared with one another.
 *
 * @param tokenLengths tokens per sequence, BOS and EOS included
 * @param tokenBudget tokens per pack
 * @throws {RangeError} a length or the budget is not a positive integer
 */
export function orderByDecreasingLength(
  tokenLengths: ArrayLike<number>,
  tokenBudget: number,
): DecreasingOrder {
  const total = sumOfLengths(tokenLengths);
  assertTokenBudget(tokenBudget);
  const capacity = Math.min(tokenBudget, total);
  const { countOfLength, oversize } = countLengths(tokenLengths, capacity);
  const order = new Uint32Array(tokenLengths.length);
  order.set(oversize.sort((a, b) => at(tokenLengths, b) - at(tokenLengths, a) || a - b));
  const nextPlace = new Uint32Array(capacity + 1);
  let place = oversize.length;
  for (let length = capacity; length > 0; length -= 1) {
    nextPlace[length] = place;
    place += at(countOfLength, length);
  }
  for (let index = 0; index < tokenLengths.length; index += 1) {
    const length = at(tokenLengths, index);
    if (length > capacity) continue;
    order[at(nextPlace, length)] = index;
    nextPlace[length] = at(nextPlace, length) + 1;
  }
  return { order, oversizeCount: oversize.length, capacity, countOfLength };
}

/** @throws {RangeError} the budget is not a positive integer */
export function assertTokenBudget(tokenBudget: number): void {
  if (Number.isSafeInteger(tokenBudget) && tokenBudget > 0) return;
  throw new RangeError(
    `The token budget is ${tokenBudget}: it must be a positive integer (tokens per pack).`,
  );
}

/** @throws {RangeError} a length is not a positive integer (an empty sequence must be rejected, not packed) */
export function sumOfLengths(tokenLengths: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < tokenLengths.length; index += 1) {
    const length = at(tokenLengths, index);
    if (!Number.isSafeInteger(length) || length <= 0) {
      throw new RangeError(
        `The length at position ${index} is ${length}: it must be a positive integer ` +
          '(tokens, BOS and EOS included). Leave empty sequences out before packing.',
      );
    }
    total += length;
  }
  return total;
}

/** Histogram of the lengths up to the capacity, and the positions of those over it. */
export function countLengths(
  tokenLengths: ArrayLike<number>,
  capacity: number,
): { countOfLength: Uint32Array; oversize: number[] } {
  const countOfLength = new Uint32Array(capacity + 1);
  const oversize: number[] = [];
  for (let index = 0; index < tokenLengths.length; index += 1) {
    const length = at(tokenLengths, index);
    if (length > capacity) oversize.push(index);
    else countOfLength[length] = at(countOfLength, length) + 1;
  }
  return { countOfLength, oversize };
}
