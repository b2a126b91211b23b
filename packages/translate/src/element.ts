/** Byte at an index known to be inside. */
export function byteAt(values: Uint8Array, index: number): number {
  return values[index] as unknown as number;
}
