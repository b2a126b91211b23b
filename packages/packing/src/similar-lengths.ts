import { assemblePacks, at, type Pack } from './pack.ts';
import { orderByDecreasingLength } from './token-lengths.ts';

export interface SimilarLengthsOptions {
  /**
   * Cost of attention beside that of all else, per token of the sequence's own length: a sequence of n tokens costs
   * n + quadraticShare x n^2. About 1 / (6 H) for a model of width H.
   */
  readonly quadraticShare: number;
}

/**
 * Sequences of similar length together, in packs of nearly equal cost: for devices whose attention pads every
 * sequence of a pack to its longest, or where long sequences cost more per token. Pays with fill, which best fit
 * decreasing keeps higher; so it is not the default anywhere yet (docs/benchmarks.md, topic cpu).
 *
 * @param tokenLengths tokens per sequence, BOS and EOS included; length n
 * @returns packs by decreasing length; a sequence over the budget is alone
 * @throws {RangeError} a length or the budget is not a positive integer
 */
export function packSimilarLengths(
  tokenLengths: ArrayLike<number>,
  tokenBudget: number,
  { quadraticShare }: SimilarLengthsOptions,
): Pack[] {
  const { order, oversizeCount } = orderByDecreasingLength(tokenLengths, tokenBudget);
  const costs = Float64Array.from(order, (index) => costOf(at(tokenLengths, index), quadraticShare));
  const fits = (place: number, tokens: number) => tokens + at(tokenLengths, at(order, place)) <= tokenBudget;
  const packOfPlace = new Uint32Array(order.length);
  for (let place = 0; place < oversizeCount; place += 1) packOfPlace[place] = place;

  /** Fills from the longest on; a pack ends when the budget or its cost is reached. @returns packs in all */
  const fill = (costPerPack: number): number => {
    let pack = oversizeCount - 1;
    let tokens = Number.POSITIVE_INFINITY;
    let cost = 0;
    for (let place = oversizeCount; place < order.length; place += 1) {
      if (!fits(place, tokens) || cost + at(costs, place) / 2 > costPerPack) {
        pack += 1;
        tokens = cost = 0;
      }
      tokens += at(tokenLengths, at(order, place));
      cost += at(costs, place);
      packOfPlace[place] = pack;
    }
    return pack + 1;
  };

  const fewest = fill(Number.POSITIVE_INFINITY) - oversizeCount;
  const totalCost = costs.subarray(oversizeCount).reduce((sum, cost) => sum + cost, 0);
  const packCount = fill(totalCost / Math.max(1, fewest));
  return assemblePacks(tokenLengths, order, packOfPlace, packCount);
}

function costOf(length: number, quadraticShare: number): number {
  return length + quadraticShare * length * length;
}
