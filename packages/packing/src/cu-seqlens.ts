import { at } from './pack.ts';
import { sumOfLengths } from './token-lengths.ts';

const INT32_MAX = 2 ** 31 - 1;

/**
 * Where each sequence of a pack begins: cumulative token counts, as variable-length attention takes them.
 *
 * @param tokenLengths tokens per sequence in pack order, BOS and EOS included; length n
 * @returns length n + 1, starts with 0, ends with the pack's tokens, strictly increasing
 * @throws {RangeError} a length is not a positive integer, or the sum does not fit in 32 bits
 */
export function buildCuSeqlens(tokenLengths: ArrayLike<number>): Int32Array<ArrayBuffer> {
  const total = sumOfLengths(tokenLengths);
  if (total > INT32_MAX) {
    throw new RangeError(`The pack holds ${total} tokens; at most ${INT32_MAX} fit. Lower the token budget.`);
  }
  const cuSeqlens = new Int32Array(tokenLengths.length + 1);
  for (let index = 0; index < tokenLengths.length; index += 1) {
    cuSeqlens[index + 1] = at(cuSeqlens, index) + at(tokenLengths, index);
  }
  return cuSeqlens;
}
