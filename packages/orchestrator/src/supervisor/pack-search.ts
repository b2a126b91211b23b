/** What a search found in a pack that crashes. */
export interface SearchResult {
  /** Records that crash even alone, by position in the shard, ascending. */
  readonly crashing: readonly number[];
}

interface Probe {
  readonly records: readonly number[];
  /** How often these records have crashed in a probe of their own. */
  readonly crashes: number;
}

/** A record is guilty when it has crashed so often alone: once may be somebody's kill. */
const CRASHES_ALONE = 2;

/**
 * Bisects a pack that ends its worker: each half is computed by itself, and a half that crashes is halved again, until
 * the record that crashes stands alone, and crashes again. One bad record among n costs log2(n) + 1 crashes. Pure: it only
 * says what to try.
 */
export class PackSearch {
  readonly #probes: Probe[] = [];
  readonly #crashing: number[] = [];

  /** @param records of the pack, by position in the shard; known to crash together */
  constructor(records: readonly number[]) {
    this.#suspect(records);
  }

  /** The records to compute next; null when the search is over. */
  get probe(): readonly number[] | null {
    return this.#probes[0]?.records ?? null;
  }

  survived(): void {
    this.#next();
  }

  crashed(): void {
    const { records, crashes } = this.#next();
    if (records.length > 1) this.#suspect(records);
    else if (crashes + 1 < CRASHES_ALONE) this.#probes.unshift({ records, crashes: crashes + 1 });
    else this.#crashing.push(...records);
  }

  get result(): SearchResult {
    return { crashing: this.#crashing.toSorted((a, b) => a - b) };
  }

  #next(): Probe {
    const probe = this.#probes.shift();
    if (probe === undefined) throw new Error('the search is over: nothing was to be tried');
    return probe;
  }

  #suspect(records: readonly number[]): void {
    const middle = Math.ceil(records.length / 2);
    const halves = [records.slice(0, middle), records.slice(middle)];
    this.#probes.unshift(
      ...halves.filter(({ length }) => length > 0).map((half) => ({ records: half, crashes: 0 })),
    );
  }
}
