/** The largest float16. */
export const FLOAT16_MAX = 65_504;

const FLOAT32_INFINITY = 0x7f800000;
const FLOAT16_MAX_BITS = 0x477fe000;
/** 2^-14, the smallest normal float16, as float32. */
const SMALLEST_NORMAL_BITS = 0x38800000;
/** 2^-25: up to here everything rounds to zero. */
const ROUNDS_TO_ZERO_BITS = 0x33000000;
const EXPONENT_DIFFERENCE = 0x38000000;

/** The number that 16 bits stand for. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Rounds float32 numbers to float16, to the nearest, ties to even (IEEE 754). NaN stays NaN.
 *
 * @param source bits of float32 numbers
 * @param target as many places
 * @returns the place of the first number that is infinite or over FLOAT16_MAX, or -1
 */
export function roundToFloat16(source: Uint32Array, target: Uint16Array): number {
  let beyond = -1;
  for (let index = 0; index < source.length; index += 1) {
    const bits = source[index] as number;
    const magnitude = bits & 0x7fffffff;
    if (magnitude > FLOAT16_MAX_BITS && magnitude <= FLOAT32_INFINITY && beyond === -1) beyond = index;
    target[index] = ((bits >>> 16) & 0x8000) | magnitudeBits(magnitude);
  }
  return beyond;
}

function magnitudeBits(magnitude: number): number {
  if (magnitude > FLOAT32_INFINITY) return 0x7e00;
  if (magnitude > FLOAT16_MAX_BITS) return 0x7c00;
  if (magnitude >= SMALLEST_NORMAL_BITS) {
    const isOdd = (magnitude >>> 13) & 1;
    return (magnitude - EXPONENT_DIFFERENCE + 0xfff + isOdd) >>> 13;
  }
  return magnitude <= ROUNDS_TO_ZERO_BITS ? 0 : subnormalBits(magnitude);
}

/** In units of 2^-24, the distance of subnormal float16 numbers. */
function subnormalBits(magnitude: number): number {
  const shift = 126 - (magnitude >>> 23);
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const whole = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && whole % 2 === 1) ? whole + 1 : whole;
}
