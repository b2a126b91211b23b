import { IntegerSet } from './integer-set.ts';
import { assemblePacks, at, type Pack } from './pack.ts';
import { orderByDecreasingLength, type DecreasingOrder } from './token-lengths.ts';

/**
 * Packs by LPFHP, longest-pack-first histogram packing: best-fit decreasing on the histogram of lengths, in which
 * packs of the same make-up are handled as one with a count. The work before the packs are written out depends on
 * the number of distinct lengths, not of sequences.
 *
 * @param tokenLengths tokens per sequence, BOS and EOS included; length n
 * @param tokenBudget tokens per pack; a longer sequence gets a pack of its own
 * @returns a partition of 0 … n - 1, never an empty pack; sequences over the budget first, then the fullest packs
 *   first; the same input gives the same packs
 * @throws {RangeError} a length or the budget is not a positive integer
 * @remarks Krell, Kosec, Perez and Fitzgibbon 2021, "Efficient Sequence Packing without Cross-contamination",
 *   arXiv:2107.02027; without a limit on sequences per pack.
 */
export function packHistogram(tokenLengths: ArrayLike<number>, tokenBudget: number): Pack[] {
  const lengths = orderByDecreasingLength(tokenLengths, tokenBudget);
  const strategies = new Strategies(lengths.capacity);
  for (let length = lengths.capacity; length > 0; length -= 1) {
    strategies.place(length, at(lengths.countOfLength, length));
  }
  return writeOut(tokenLengths, lengths, strategies.fullestFirst());
}

/** One kind of pack under construction; `content` runs from the shortest part to the longest. */
interface Strategy {
  packs: number;
  readonly content: Part | null;
}

interface Part {
  readonly length: number;
  readonly repeat: number;
  readonly longer: Part | null;
}

class Strategies {
  readonly #capacity: number;
  readonly #ofResidual: (Strategy[] | undefined)[] = [];
  readonly #occurring: IntegerSet;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#occurring = new IntegerSet(capacity);
  }

  /** Adds `count` sequences of one length to the fullest kinds of packs that fit, then to new packs. */
  place(length: number, count: number): void {
    let remaining = count;
    while (remaining > 0) {
      const { base, residual } = this.#takeFullestThatFits(length);
      const repeat = Math.min(Math.floor(residual / length), remaining);
      const packs = Math.min(base.packs, Math.floor(remaining / repeat));
      if (base.packs > packs && base.content !== null) {
        this.#put({ packs: base.packs - packs, content: base.content }, residual);
      }
      this.#put({ packs, content: { length, repeat, longer: base.content } }, residual - repeat * length);
      remaining -= packs * repeat;
    }
  }

  fullestFirst(): Strategy[] {
    return this.#ofResidual.flatMap((strategies) => strategies ?? []);
  }

  #takeFullestThatFits(length: number): { base: Strategy; residual: number } {
    const residual = this.#occurring.successor(length);
    const strategies = this.#ofResidual[residual];
    const base = strategies?.pop();
    if (base === undefined) return { base: { packs: Infinity, content: null }, residual: this.#capacity };
    if (strategies?.length === 0) this.#occurring.delete(residual);
    return { base, residual };
  }

  #put(strategy: Strategy, residual: number): void {
    const strategies = (this.#ofResidual[residual] ??= []);
    strategies.push(strategy);
    this.#occurring.add(residual);
  }
}

function writeOut(
  tokenLengths: ArrayLike<number>,
  lengths: DecreasingOrder,
  strategies: readonly Strategy[],
): Pack[] {
  const { order, oversizeCount } = lengths;
  const nextPlace = firstPlaces(lengths);
  const packOfPlace = new Uint32Array(order.length);
  let pack = 0;
  for (; pack < oversizeCount; pack += 1) packOfPlace[pack] = pack;
  for (const { packs, content } of strategies) {
    for (const end = pack + packs; pack < end; pack += 1) {
      for (let part = content; part !== null; part = part.longer) {
        const place = at(nextPlace, part.length);
        packOfPlace.fill(pack, place, place + part.repeat);
        nextPlace[part.length] = place + part.repeat;
      }
    }
  }
  return assemblePacks(tokenLengths, order, packOfPlace, pack);
}

/** Where the sequences of each length begin in the decreasing order. */
function firstPlaces({ capacity, countOfLength, oversizeCount }: DecreasingOrder): Uint32Array {
  const places = new Uint32Array(capacity + 1);
  let place = oversizeCount;
  for (let length = capacity; length > 0; length -= 1) {
    places[length] = place;
    place += at(countOfLength, length);
  }
  return places;
}
