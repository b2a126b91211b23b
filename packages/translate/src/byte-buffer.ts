import { byteAt } from './element.ts';

const FIRST_BYTES = 4096;

/** Below this many bytes a loop is faster than a view and `set`. */
const SHORT = 64;

/** Bytes that grow at their end; the room is kept when they are cleared. */
export class ByteBuffer {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** All bytes so far; good until the next change. */
  get view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  appendByte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  /** Appends source[from, to). */
  append(source: Uint8Array, from = 0, to = source.length): void {
    const count = to - from;
    this.#reserve(count);
    const bytes = this.#bytes;
    const length = this.#length;
    if (count > SHORT) bytes.set(source.subarray(from, to), length);
    else for (let index = 0; index < count; index += 1) bytes[length + index] = byteAt(source, from + index);
    this.#length = length + count;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.view);
    this.#bytes = larger;
  }
}
