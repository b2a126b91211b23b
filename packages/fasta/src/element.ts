/**
 * Elements of typed arrays at indices known to be inside. One function for each kind of array: the engine
 * compiles one function for all kinds that it meets, which is slower for each.
 */
export function byteAt(values: Uint8Array, index: number): number {
  return values[index] as unknown as number;
}

export function intAt(values: Int32Array, index: number): number {
  return values[index] as unknown as number;
}

export function floatAt(values: Float64Array, index: number): number {
  return values[index] as unknown as number;
}
