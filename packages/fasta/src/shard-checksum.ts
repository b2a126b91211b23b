import { combineCrc32, crc32 } from './crc32.ts';

const NOTHING = new Uint8Array(0);

/**
 * CRC-32 of consecutive ranges of a file that is seen once, chunk by chunk.
 *
 * Whether the record at the end of a chunk still belongs to the range is known only when the record ends, many
 * chunks later perhaps. So two sums go on over its bytes: one as if it belonged, one as if a range began with it.
 *
 *     range so far        open record
 *     [---------------------|------------ … chunk end
 *      #beforeOpen           #openOnly
 *     [--------- #sum -------------------
 */
export class ShardChecksum {
  #bytes: Uint8Array = NOTHING;
  #chunkStart = 0;
  #summedTo = 0;
  #sum = 0;
  #openStart = -1;
  #beforeOpen = 0;
  #openOnly = 0;
  #rangeStart = 0;
  #fileSum = 0;

  /** CRC-32 of all ranges cut so far, which is that of the file when the last one ends with the file. */
  get fileCrc32(): number {
    return this.#fileSum;
  }

  openChunk(bytes: Uint8Array): void {
    this.#bytes = bytes;
  }

  /**
   * Ends the range.
   *
   * @param offset in the present chunk, or the start of the record that was open when the last one closed
   * @returns CRC-32 from the end of the range before, or the start of the file, to `offset`
   */
  cutAt(offset: number): number {
    let sum: number;
    if (offset < this.#chunkStart) {
      sum = this.#beforeOpen;
      this.#sum = this.#openOnly;
    } else {
      this.#extendTo(offset);
      sum = this.#sum;
      this.#sum = 0;
    }
    this.#fileSum = combineCrc32(this.#fileSum, sum, offset - this.#rangeStart);
    this.#rangeStart = offset;
    return sum;
  }

  /** @param openRecordStart of the record that goes on in the next chunk; Infinity while there was none */
  closeChunk(openRecordStart: number): void {
    const end = this.#chunkStart + this.#bytes.length;
    if (openRecordStart >= this.#chunkStart && openRecordStart !== this.#openStart) {
      this.#extendTo(Math.min(openRecordStart, end));
      this.#openStart = openRecordStart;
      this.#beforeOpen = this.#sum;
      this.#openOnly = 0;
    }
    const from = Math.max(0, Math.min(openRecordStart, end) - this.#chunkStart);
    this.#openOnly = crc32(this.#bytes.subarray(from), this.#openOnly);
    this.#extendTo(end);
    this.#chunkStart = end;
    this.#bytes = NOTHING;
  }

  #extendTo(offset: number): void {
    const bytes = this.#bytes.subarray(this.#summedTo - this.#chunkStart, offset - this.#chunkStart);
    this.#sum = crc32(bytes, this.#sum);
    this.#summedTo = offset;
  }
}
