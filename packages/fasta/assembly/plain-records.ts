/**
 * The plain part of FASTA, compiled to WebAssembly for its 16-byte vectors: whole records of residues and
 * blanks, perhaps with one `*` at the end. Stops before any other record, which src/record-scanner.ts reads.
 */

/** Bytes of one input buffer. There are two: one is read while the other is filled. */
export const BUFFER_BYTES: i32 = 1 << 20;
/** Records that one call finds, at most. */
export const MAX_ROWS: i32 = 1 << 14;

export const BUFFERS: usize = memory.data(2 << 20, 16);
export const START: usize = memory.data(8 << 14, 16);
export const END: usize = memory.data(8 << 14, 16);
export const LINE: usize = memory.data(8 << 14, 16);
export const RESIDUES: usize = memory.data(8 << 14, 16);
export const HASH_LOW: usize = memory.data(4 << 14, 16);
export const HASH_HIGH: usize = memory.data(4 << 14, 16);

/** 256 bytes: 0 = a residue in any place of a sequence. */
export const CLASSES: usize = memory.data(256, 16);
/** For each low nibble, bit h is set when the byte h << 4 | nibble is a residue; h < 8. */
export const ROWS_OF_LOW_NIBBLE: usize = memory.data(16, 16);

/** Address where the last call stopped: at the `>` of a record that it did not take, or where it was to end. */
export let position: usize = 0;
/** Line of that byte. */
export let line: f64 = 0;

const NUL: i32 = 0;
const LINE_FEED: i32 = 0x0a;
const CARRIAGE_RETURN: i32 = 0x0d;
const STAR: i32 = 0x2a;
const RECORD_START: i32 = 0x3e;

/** Address after the id, or 0 when it is not plain; its hash is in the two globals. */
let hashLow: u32 = 0;
let hashHigh: u32 = 0;

/**
 * Takes the records that begin at `from` and end before `to`.
 *
 * @param from address of a `>`
 * @param fileOffset offset in the file of address 0
 * @param firstLine line of the byte at `from`
 * @returns rows filled
 */
export function scan(from: usize, to: usize, fileOffset: f64, firstLine: f64): i32 {
  let rows = 0;
  let start = from;
  let lines = firstLine;
  while (start < to && rows < MAX_ROWS) {
    let at = readId(start + 1, to);
    if (at == 0) break;
    at = lineEnd(at, to);
    while (at < to && load<u8>(at) == CARRIAGE_RETURN) at += 1;
    if (at == to || load<u8>(at) != LINE_FEED) break;
    at += 1;
    let sequenceLines: i32 = 1;
    let residues: i32 = 0;
    let hasStar = false;
    let atLineStart = true;
    let isWhole = false;
    while (at < to) {
      if (atLineStart && load<u8>(at) == RECORD_START) {
        isWhole = true;
        break;
      }
      const end = residuesEnd(at, to);
      if (end > at) {
        if (hasStar) break;
        residues += <i32>(end - at);
        at = end;
        if (at == to) break;
      }
      const byte = <i32>load<u8>(at);
      atLineStart = byte == LINE_FEED;
      if (atLineStart) sequenceLines += 1;
      else if (byte == STAR && !hasStar) hasStar = true;
      else if (!isBlank(byte)) break;
      at += 1;
    }
    if (!isWhole) break;
    store<f64>(START + ((<usize>rows) << 3), fileOffset + <f64>start);
    store<f64>(END + ((<usize>rows) << 3), fileOffset + <f64>at);
    store<f64>(LINE + ((<usize>rows) << 3), lines);
    store<f64>(RESIDUES + ((<usize>rows) << 3), <f64>residues);
    store<u32>(HASH_LOW + ((<usize>rows) << 2), hashLow);
    store<u32>(HASH_HIGH + ((<usize>rows) << 2), hashHigh);
    rows += 1;
    lines += <f64>sequenceLines;
    start = at;
  }
  position = start;
  line = lines;
  return rows;
}

/** The hash of src/id-hash.ts. */
function readId(from: usize, to: usize): usize {
  let at = from;
  while (at < to && isBlank(load<u8>(at))) {
    if (load<u8>(at) == LINE_FEED) return 0;
    at += 1;
  }
  let low: u32 = 0x3c6ef372;
  let high: u32 = 0x1f83d9ab;
  while (at < to) {
    const byte = <u32>load<u8>(at);
    if (isBlank(byte)) {
      const mixedLow = ((low ^ (low >> 16)) * 0x85ebca6b) ^ ((high ^ (high >> 13)) * 0xc2b2ae35);
      const mixedHigh = ((high ^ (high >> 16)) * 0x85ebca6b) ^ ((low ^ (low >> 13)) * 0xc2b2ae35);
      hashLow = mixedLow ^ (mixedLow >> 16);
      hashHigh = mixedHigh ^ (mixedHigh >> 16);
      return at;
    }
    if (byte == NUL) return 0;
    low = (low ^ byte) * 0x9e3779b1;
    high = (high ^ byte) * 0x5f356495;
    at += 1;
  }
  return 0;
}

/** Address of the first line feed, carriage return or NUL, or `to`. */
function lineEnd(from: usize, to: usize): usize {
  let at = from;
  for (; at + 16 <= to; at += 16) {
    const bytes = v128.load(at);
    const ends = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(<i8>LINE_FEED)), i8x16.eq(bytes, i8x16.splat(<i8>NUL))),
      i8x16.eq(bytes, i8x16.splat(<i8>CARRIAGE_RETURN)),
    );
    const mask = i8x16.bitmask(ends);
    if (mask != 0) return at + ctz(mask);
  }
  while (at < to && !isLineEnd(load<u8>(at))) at += 1;
  return at;
}

/**
 * Address of the first byte that is no residue, or `to`. A set of bytes by two look-ups of nibbles: after
 * Mula, "SIMD byte lookup" (http://0x80.pl/articles/simd-byte-lookup.html).
 */
function residuesEnd(from: usize, to: usize): usize {
  const rowsOfLow = v128.load(ROWS_OF_LOW_NIBBLE);
  const rowOfHigh = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  let at = from;
  for (; at + 16 <= to; at += 16) {
    const bytes = v128.load(at);
    const low = i8x16.swizzle(rowsOfLow, v128.and(bytes, i8x16.splat(0x0f)));
    const high = i8x16.swizzle(rowOfHigh, i8x16.shr_u(bytes, 4));
    const others = i8x16.bitmask(i8x16.eq(v128.and(low, high), i8x16.splat(0)));
    if (others != 0) return at + ctz(others);
  }
  while (at < to && load<u8>(CLASSES + load<u8>(at)) == 0) at += 1;
  return at;
}

function isLineEnd(byte: u32): bool {
  return byte == LINE_FEED || byte == CARRIAGE_RETURN || byte == NUL;
}

function isBlank(byte: u32): bool {
  return byte == 0x20 || byte - 9 <= 4;
}
