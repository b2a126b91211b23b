/** Elements of typed arrays at indices known to be inside; one function a kind of array, so that none is polymorphic. */
export function byteAt(values: Uint8Array, index: number): number {
  return values[index] as unknown as number;
}

export function intAt(values: Int32Array, index: number): number {
  return values[index] as unknown as number;
}

export function floatAt(values: Float64Array, index: number): number {
  return values[index] as unknown as number;
}
