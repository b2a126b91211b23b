import { at } from './pack.ts';

const BITS_PER_WORD = 32;

/**
 * A set of integers 0 … limit that finds the next member: a bitset with summary levels above it (a bit of a level
 * says that a word below is not empty), so every operation is O(log32 limit).
 */
export class IntegerSet {
  /** levels[0] holds the members; each further level summarises the one before; the last is one word. */
  readonly #levels: Uint32Array[] = [];

  constructor(limit: number) {
    let bits = limit + 1;
    do {
      bits = Math.ceil(bits / BITS_PER_WORD);
      this.#levels.push(new Uint32Array(bits));
    } while (bits > 1);
  }

  add(member: number): void {
    let position = member;
    for (const words of this.#levels) {
      const word = position >>> 5;
      words[word] = at(words, word) | (1 << (position & 31));
      position = word;
    }
  }

  delete(member: number): void {
    let position = member;
    for (const words of this.#levels) {
      const word = position >>> 5;
      words[word] = at(words, word) & ~(1 << (position & 31));
      if (words[word] !== 0) return;
      position = word;
    }
  }

  /** @returns the smallest member that is at least `from`, or -1 */
  successor(from: number): number {
    let position = from;
    for (const [level, words] of this.#levels.entries()) {
      const word = position >>> 5;
      const bits = word < words.length ? at(words, word) & (-1 << (position & 31)) : 0;
      if (bits !== 0) return this.#descend(level, word * BITS_PER_WORD + lowestBit(bits));
      position = word + 1;
    }
    return -1;
  }

  #descend(level: number, position: number): number {
    let found = position;
    for (let below = level - 1; below >= 0; below -= 1) {
      found = found * BITS_PER_WORD + lowestBit(this.#levels[below]?.[found] ?? 0);
    }
    return found;
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
