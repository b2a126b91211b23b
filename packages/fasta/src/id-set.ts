import { intAt } from './element.ts';

/** The hash columns of a batch of records. */
export interface HashColumns {
  readonly count: number;
  readonly hashLow: Int32Array;
  readonly hashHigh: Int32Array;
}

/** Linear probing stays short below this share of used slots. */
const MAX_LOAD = 0.6;

/**
 * The 64-bit hashes of all ids, by record number (0, 1, 2 … in the order of adding). 17 to 35 bytes a record, more for
 * the moment of growing.
 *
 * Open addressing in one typed array: slot = [low half of the hash, record number + 1], so that a look-up
 * costs one cache miss; 0 = free. Equal hashes stand in slots of their own: whether the ids are equal is not
 * known here.
 */
export class IdSet {
  #slots = new Int32Array(2 * 4096);
  #high = new Int32Array(4096);
  #count = 0;

  /**
   * Adds the hashes; the whole batch in one loop, so that the processor overlaps the cache misses.
   *
   * @returns numbers of those records whose hash an earlier record has, ascending
   */
  addAll(batch: HashColumns): number[] {
    this.#reserve(this.#count + batch.count);
    const slots = this.#slots;
    const high = this.#high;
    const mask = slots.length / 2 - 1;
    const seen: number[] = [];
    for (let row = 0; row < batch.count; row += 1) {
      const low = intAt(batch.hashLow, row);
      const hashHigh = intAt(batch.hashHigh, row);
      const number = this.#count + row;
      let slot = low & mask;
      for (let found = intAt(slots, 2 * slot + 1); found !== 0; found = intAt(slots, 2 * slot + 1)) {
        if (slots[2 * slot] === low && high[found - 1] === hashHigh && seen.at(-1) !== number) {
          seen.push(number);
        }
        slot = (slot + 1) & mask;
      }
      slots[2 * slot] = low;
      slots[2 * slot + 1] = number + 1;
      high[number] = hashHigh;
    }
    this.#count += batch.count;
    return seen;
  }

  /** Numbers of all records with this hash, ascending. */
  withHash(hashLow: number, hashHigh: number): number[] {
    const mask = this.#slots.length / 2 - 1;
    const numbers: number[] = [];
    let slot = hashLow & mask;
    for (;;) {
      const found = intAt(this.#slots, 2 * slot + 1);
      if (found === 0) return numbers.sort((a, b) => a - b);
      if (this.#slots[2 * slot] === hashLow && this.#high[found - 1] === hashHigh) numbers.push(found - 1);
      slot = (slot + 1) & mask;
    }
  }

  #reserve(count: number): void {
    if (count > this.#high.length) {
      const larger = new Int32Array(Math.max(count, 2 * this.#high.length));
      larger.set(this.#high);
      this.#high = larger;
    }
    let capacity = this.#slots.length / 2;
    while (count > MAX_LOAD * capacity) capacity *= 2;
    if (2 * capacity > this.#slots.length) this.#rehash(capacity);
  }

  #rehash(capacity: number): void {
    const slots = new Int32Array(2 * capacity);
    const mask = capacity - 1;
    for (let from = 0; from < this.#slots.length; from += 2) {
      if (this.#slots[from + 1] === 0) continue;
      let slot = intAt(this.#slots, from) & mask;
      while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
      slots[2 * slot] = intAt(this.#slots, from);
      slots[2 * slot + 1] = intAt(this.#slots, from + 1);
    }
    this.#slots = slots;
  }
}
