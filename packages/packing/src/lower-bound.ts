import { at } from './pack.ts';
import { assertTokenBudget, countLengths, sumOfLengths } from './token-lengths.ts';

/**
 * A number of packs below which no packer can go: the bound L2, the best over all thresholds a of "sequences over
 * half a pack need a pack each, and those from a to half a pack need what room the others leave, or new packs".
 *
 * @param tokenLengths tokens per sequence, BOS and EOS included; length n
 * @param tokenBudget tokens per pack; each longer sequence counts as one pack
 * @returns packs; 0 for no sequences
 * @throws {RangeError} a length or the budget is not a positive integer
 * @remarks O(n + tokenBudget). Martello and Toth 1990, "Lower bounds and reduction procedures for the bin packing
 *   problem". It does not see integrality: for equal lengths l the true number is ceil(n / floor(tokenBudget / l)).
 */
export function lowerBoundL2(tokenLengths: ArrayLike<number>, tokenBudget: number): number {
  assertTokenBudget(tokenBudget);
  const capacity = Math.min(tokenBudget, sumOfLengths(tokenLengths));
  const { countOfLength, oversize } = countLengths(tokenLengths, capacity);
  const counts = runningSums(countOfLength, () => 1);
  const tokens = runningSums(countOfLength, (length) => length);
  const half = Math.floor(capacity / 2);
  const large = at(counts, capacity) - at(counts, half);
  let most = 0;
  for (let threshold = 0; threshold <= half; threshold += 1) {
    const fitBesideThreshold = capacity - threshold;
    const mediumCount = at(counts, fitBesideThreshold) - at(counts, half);
    const mediumTokens = at(tokens, fitBesideThreshold) - at(tokens, half);
    const smallTokens = at(tokens, half) - (threshold > 0 ? at(tokens, threshold - 1) : 0);
    const roomBesideMedium = mediumCount * capacity - mediumTokens;
    most = Math.max(most, Math.ceil((smallTokens - roomBesideMedium) / Math.max(1, capacity)));
  }
  return oversize.length + large + most;
}

/** result[l] = sum over the sequences of length at most l. */
function runningSums(countOfLength: Uint32Array, weight: (length: number) => number): Float64Array {
  const sums = new Float64Array(countOfLength.length);
  for (let length = 1; length < sums.length; length += 1) {
    sums[length] = at(sums, length - 1) + at(countOfLength, length) * weight(length);
  }
  return sums;
}
