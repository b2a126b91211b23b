/**
 * The plain part of a nucleotide sequence, compiled to WebAssembly for its 16-byte vectors: bases and line ends. Stops
 * before anything else, which src/nucleotide-reader.ts reads.
 */

/** Bytes of each of the two buffers. */
export const BUFFER_BYTES: i32 = 1 << 18;
/** What was read of the file. */
export const INPUT: usize = memory.data((1 << 18) + 64, 16);
/** The bases of a run. */
export const BASES: usize = memory.data((1 << 18) + 64, 16);
/** For each low nibble, bit h is set when the byte h << 4 | nibble is a base; h < 8. */
export const ROWS_OF_LOW_NIBBLE: usize = memory.data(16, 16);

/** Offset in INPUT where the last call stopped. */
export let position: i32 = 0;
/** Line ends that it met. */
export let lines: i32 = 0;

/** Bytes that are looked at together. */
const BLOCK: usize = 64;

const LINE_FEED: i32 = 0x0a;
const CARRIAGE_RETURN: i32 = 0x0d;

/**
 * Moves bases together in BASES. A carriage return is passed over only with the line feed that follows it.
 *
 * @param from offset in INPUT
 * @param to offset in INPUT
 * @returns bases
 */
export function compact(from: i32, to: i32): i32 {
  const end = INPUT + <usize>to;
  let at = INPUT + <usize>from;
  let out = BASES;
  let met: i32 = 0;
  while (at < end) {
    // Most lines fit into a block: where they end is known at once, and not only after three other vectors.
    const others =
      othersAt(at) | (othersAt(at + 16) << 16) | (othersAt(at + 32) << 32) | (othersAt(at + 48) << 48);
    const bases = min(others == 0 ? BLOCK : <usize>ctz(others), end - at);
    for (let index: usize = 0; index < BLOCK; index += 16) v128.store(out + index, v128.load(at + index));
    out += bases;
    at += bases;
    if (at == end) break;
    if (bases == BLOCK) continue;
    const byte = <i32>load<u8>(at);
    if (byte == LINE_FEED) at += 1;
    else if (byte == CARRIAGE_RETURN && at + 1 < end && <i32>load<u8>(at + 1) == LINE_FEED) at += 2;
    else break;
    met += 1;
  }
  position = <i32>(at - INPUT);
  lines = met;
  return <i32>(out - BASES);
}

/** @returns a bit for each of 16 bytes that is no base */
function othersAt(at: usize): u64 {
  const bytes = v128.load(at);
  const rowOfHigh = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  const low = i8x16.swizzle(v128.load(ROWS_OF_LOW_NIBBLE), v128.and(bytes, i8x16.splat(0x0f)));
  const high = i8x16.swizzle(rowOfHigh, i8x16.shr_u(bytes, 4));
  return <u64>(<u32>i8x16.bitmask(i8x16.eq(v128.and(low, high), i8x16.splat(0))));
}
