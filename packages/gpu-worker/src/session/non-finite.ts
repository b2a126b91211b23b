import type { EmbeddingDtype } from '@virnucpro/protocol';

const FLOAT32_EXPONENT = 0x7f800000;
const FLOAT16_EXPONENT = 0x7c00;

/**
 * Rows that hold a NaN or an infinity: all exponent bits set.
 *
 * @param rows [n, embeddingDim], little-endian
 * @returns row numbers, ascending
 */
export function findNonFiniteRows(rows: Uint8Array, embeddingDim: number, dtype: EmbeddingDtype): number[] {
  const bits =
    dtype === 'float32'
      ? new Uint32Array(rows.buffer, rows.byteOffset, rows.byteLength / 4)
      : new Uint16Array(rows.buffer, rows.byteOffset, rows.byteLength / 2);
  const exponent = dtype === 'float32' ? FLOAT32_EXPONENT : FLOAT16_EXPONENT;
  const found: number[] = [];
  for (let start = 0; start < bits.length; start += embeddingDim) {
    if (hasNonFinite(bits, start, start + embeddingDim, exponent)) found.push(start / embeddingDim);
  }
  return found;
}

function hasNonFinite(
  bits: Uint32Array | Uint16Array,
  start: number,
  end: number,
  exponent: number,
): boolean {
  for (let at = start; at < end; at += 1) {
    if (((bits[at] as number) & exponent) === exponent) return true;
  }
  return false;
}
