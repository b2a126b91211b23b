import { byteAt } from './element.ts';

/** Writes a 64-bit hash of bytes[start, end) to `out[0]` and `out[1]`. */
export type IdHash = (bytes: Uint8Array, start: number, end: number, out: Int32Array) => void;

/**
 * Two multiplicative 32-bit lanes, mixed at the end (after bryc's cyrb53, with both lanes kept whole). Not
 * proof against malice; equal hashes are only ever taken as a hint to compare the ids themselves.
 */
export const hashId: IdHash = (bytes, start, end, out) => {
  let low = 0x3c6ef372;
  let high = 0x1f83d9ab;
  for (let at = start; at < end; at += 1) {
    const byte = byteAt(bytes, at);
    low = Math.imul(low ^ byte, 0x9e3779b1);
    high = Math.imul(high ^ byte, 0x5f356495);
  }
  const mixedLow = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  const mixedHigh = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  out[0] = mixedLow ^ (mixedLow >>> 16);
  out[1] = mixedHigh ^ (mixedHigh >>> 16);
};
