import { crc32 as nativeCrc32 } from '@node-rs/crc32';

/** CRC-32 of zlib and Ethernet, bits reversed; the library sums it twice as fast as CRC-32C. */
const POLYNOMIAL = 0xedb88320;

/** CRC-32 of `bytes`, going on from `initial`; 0 to begin with. */
export function crc32(bytes: Uint8Array, initial = 0): number {
  return bytes.length === 0 ? initial : nativeCrc32(bytes, initial);
}

/**
 * CRC-32 of two byte strings put together, from the CRC of each (after zlib's crc32_combine).
 *
 * @param secondBytes length of the second string, in bytes
 */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  let shift = 0x80000000;
  let power = 0x00800000;
  for (let rest = secondBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shift = multiply(power, shift);
    power = multiply(power, power);
  }
  return (multiply(shift, first) ^ second) >>> 0;
}

/** Product of two polynomials over GF(2) modulo POLYNOMIAL; the highest bit is the constant term. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit -= 1) {
    if (((a >>> bit) & 1) === 1) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}
