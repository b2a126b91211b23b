import type { Pack } from './pack.ts';
import { sumOfLengths } from './token-lengths.ts';

/**
 * No packing: every sequence runs alone, in input order.
 *
 * @param tokenLengths tokens per sequence, BOS and EOS included; length n
 * @returns n packs
 * @throws {RangeError} a length is not a positive integer
 */
export function packOnePerSequence(tokenLengths: ArrayLike<number>): Pack[] {
  sumOfLengths(tokenLengths);
  return Array.from(tokenLengths, (tokens, index) => ({ indices: Uint32Array.of(index), tokens }));
}
