/** What a search found in a pack that crashes. */
export interface SearchResult {
  /** Records that crash even alone, by position in the shard, ascending. */
  readonly crashing: readonly number[];
  /** Some records crash together, though neither half of them does: it is their number, or nobody's fault. */
  readonly together: boolean;
}

interface Suspect {
  readonly records: readonly number[];
  untested: number;
  halfCrashed: boolean;
}

interface Probe {
  readonly records: readonly number[];
  readonly parent: Suspect;
}

/**
 * Bisects a pack that ends its worker: each half is computed by itself, and a half that crashes is halved again, until
 * the record that crashes stands alone. One bad record among n costs log2(n) crashes. Pure: it only says what to try.
 */
export class PackSearch {
  readonly #probes: Probe[] = [];
  readonly #crashing: number[] = [];
  #together = false;

  /** @param records of the pack, by position in the shard; known to crash together */
  constructor(records: readonly number[]) {
    if (records.length === 1) this.#crashing.push(...records);
    else this.#halve(records);
  }

  /** The records to compute next; null when the search is over. */
  get probe(): readonly number[] | null {
    return this.#probes[0]?.records ?? null;
  }

  survived(): void {
    this.#tested(false);
  }

  crashed(): void {
    const { records } = this.#tested(true);
    if (records.length === 1) this.#crashing.push(...records);
    else this.#halve(records);
  }

  get result(): SearchResult {
    return { crashing: this.#crashing.toSorted((a, b) => a - b), together: this.#together };
  }

  #tested(crashed: boolean): Probe {
    const probe = this.#probes.shift();
    if (probe === undefined) throw new Error('the search is over: nothing was to be tried');
    const { parent } = probe;
    parent.untested -= 1;
    parent.halfCrashed ||= crashed;
    if (parent.untested === 0 && !parent.halfCrashed) this.#together = true;
    return probe;
  }

  #halve(records: readonly number[]): void {
    const parent: Suspect = { records, untested: 2, halfCrashed: false };
    const middle = Math.ceil(records.length / 2);
    this.#probes.unshift(
      { records: records.slice(0, middle), parent },
      { records: records.slice(middle), parent },
    );
  }
}
