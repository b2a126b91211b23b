/**
 * Changes whenever any packer may give other packs for the same lengths and budget: the packs of a shard, and with
 * them the bytes of the output, depend on it, so it is recorded with every result.
 */
export const PACKER_VERSION = 'bfd-1';

/** One forward pass: which sequences run together, one behind the other, without padding. */
export interface Pack {
  /** Positions in `tokenLengths`, in the order in which the sequences stand in the pack; never empty. */
  readonly indices: Uint32Array;
  /** Sum of their lengths: tokens, BOS and EOS included. */
  readonly tokens: number;
}

/**
 * Turns "this item went to that pack" into packs; items keep their order within a pack.
 *
 * @param order item positions in the order in which they were placed
 * @param packOfPlace pack of the item `order[place]`; every pack from 0 to packCount - 1 occurs
 */
export function assemblePacks(
  tokenLengths: ArrayLike<number>,
  order: Uint32Array,
  packOfPlace: Uint32Array,
  packCount: number,
): Pack[] {
  const ends = countPerPack(packOfPlace, packCount);
  for (let pack = 1; pack < packCount; pack += 1) ends[pack] = at(ends, pack) + at(ends, pack - 1);
  const grouped = new Uint32Array(order.length);
  const tokens = new Float64Array(packCount);
  for (let place = order.length - 1; place >= 0; place -= 1) {
    const pack = at(packOfPlace, place);
    const index = at(order, place);
    const slot = at(ends, pack) - 1;
    ends[pack] = slot;
    grouped[slot] = index;
    tokens[pack] = at(tokens, pack) + at(tokenLengths, index);
  }
  // After the loop `ends` holds where each pack begins.
  return Array.from(tokens, (sum, pack) => ({
    indices: grouped.slice(ends[pack], pack + 1 < packCount ? ends[pack + 1] : grouped.length),
    tokens: sum,
  }));
}

function countPerPack(packOfPlace: Uint32Array, packCount: number): Uint32Array {
  const counts = new Uint32Array(packCount);
  for (const pack of packOfPlace) counts[pack] = at(counts, pack) + 1;
  return counts;
}

/** Indexing in hot loops, always within bounds; NaN would make a mistake loud where 0 would hide it. */
export function at(values: ArrayLike<number>, position: number): number {
  return values[position] ?? Number.NaN;
}
