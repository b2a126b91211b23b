import { intAt } from './element.ts';

/** The hash columns of a batch of records. */
export interface HashColumns {
  readonly count: number;
  readonly hashLow: Int32Array;
  readonly hashHigh: Int32Array;
}

/** Linear probing stays short below this share of used slots. */
const MAX_LOAD = 0.6;

/** Rows whose slots are fetched at once. */
const BLOCK = 32;

/**
 * The 64-bit hashes of all ids, by record number (0, 1, 2 … in the order of adding). 15 to 25 bytes a record, more for
 * the moment of growing.
 *
 * Open addressing in one typed array: the high half of a hash says where its slot is, the slot holds the low half
 * (0 = free). So a look-up costs one cache miss in a table of 4 bytes a slot, and finds but one false match in
 * billions, which the columns of whole hashes settle. Whether the ids of equal hashes are equal is not known here.
 */
export class IdSet {
  #slots = new Int32Array(8192);
  #low = new Int32Array(4096);
  #high = new Int32Array(4096);
  #count = 0;

  /**
   * Adds the hashes, the whole batch in one loop.
   *
   * @returns numbers of those records whose hash an earlier record has, ascending; once in billions also of
   *   another, which `withHashOf` tells
   */
  addAll(batch: HashColumns): number[] {
    const first = this.#count;
    this.reserve(first + batch.count);
    this.#low.set(batch.hashLow.subarray(0, batch.count), first);
    this.#high.set(batch.hashHigh.subarray(0, batch.count), first);
    this.#count += batch.count;
    const matches: number[] = [];
    for (let from = first; from < this.#count; from += BLOCK) {
      const to = Math.min(this.#count, from + BLOCK);
      this.#fetch(from, to);
      this.#insert(from, to, matches);
    }
    return matches;
  }

  /** Numbers of all records with the hash of this one, ascending. Reads all hashes: for the rare case. */
  withHashOf(number: number): number[] {
    const low = this.#low[number];
    const high = this.#high[number];
    const numbers: number[] = [];
    for (let other = 0; other < this.#count; other += 1) {
      if (this.#low[other] === low && this.#high[other] === high) numbers.push(other);
    }
    return numbers;
  }

  /** Makes room for this many hashes at once; growing step by step costs as much as all adding. */
  reserve(count: number): void {
    if (count > this.#high.length) {
      const capacity = Math.max(count, 2 * this.#high.length);
      this.#low = grown(this.#low, capacity);
      this.#high = grown(this.#high, capacity);
    }
    let slots = this.#slots.length;
    while (count > MAX_LOAD * slots) slots *= 2;
    if (slots === this.#slots.length) return;
    this.#slots = new Int32Array(slots);
    this.#insert(0, this.#count, []);
  }

  /**
   * Looks at the slots of the next records, all at once: their cache misses overlap, which those of the look-ups
   * do not, because each waits for a branch.
   *
   * @returns nothing of use; without it the loop would be dropped
   */
  #fetch(from: number, to: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let fetched = 0;
    for (let number = from; number < to; number += 1) {
      fetched |= intAt(slots, intAt(this.#high, number) & mask);
    }
    return fetched;
  }

  /** @param matches gets the numbers of the records whose content a slot on their way held */
  #insert(from: number, to: number, matches: number[]): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let number = from; number < to; number += 1) {
      const content = intAt(this.#low, number) || 1;
      let slot = intAt(this.#high, number) & mask;
      let isMatch = false;
      for (let found = intAt(slots, slot); found !== 0; found = intAt(slots, slot)) {
        isMatch ||= found === content;
        slot = (slot + 1) & mask;
      }
      slots[slot] = content;
      if (isMatch) matches.push(number);
    }
  }
}

function grown(values: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(values);
  return larger;
}
