/** Counts between fixed borders: bucket i holds borders[i - 1] <= value < borders[i]; the last one all above. */
export interface Buckets {
  readonly unit: string;
  readonly borders: readonly number[];
}

/** How long devices waited for packs. */
export const WAIT_BUCKETS: Buckets = { unit: 'ms', borders: [1, 5, 50, 500, 5_000] };
/** How full packs were, in percent of the token budget. */
export const FILL_BUCKETS: Buckets = { unit: '%', borders: [50, 60, 70, 80, 85, 90, 95, 98, 99] };
/** How long sequences were, in tokens. */
export const LENGTH_BUCKETS: Buckets = {
  unit: 'tokens',
  borders: [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024],
};

export function emptyCounts({ borders }: Buckets): number[] {
  return new Array<number>(borders.length + 1).fill(0);
}

export function bucketOf({ borders }: Buckets, value: number): number {
  const above = borders.findIndex((border) => value < border);
  return above === -1 ? borders.length : above;
}

/** Counts with one value more. */
export function countOne(buckets: Buckets, value: number): number[] {
  const counts = emptyCounts(buckets);
  counts[bucketOf(buckets, value)] = 1;
  return counts;
}

export function addCounts(one: readonly number[], other: readonly number[]): number[] {
  return one.map((count, index) => count + (other[index] ?? 0));
}

/** "< 1", "1 - 5", "5000 +" */
export function bucketLabels({ borders }: Buckets): string[] {
  const first = `< ${borders[0] ?? 0}`;
  const between = borders.slice(1).map((border, index) => `${borders[index] ?? 0} - ${border}`);
  return [first, ...between, `${borders.at(-1) ?? 0} +`];
}

/** @param cuSeqlens where the sequences of a pack begin, and the end of the last */
export function lengthCounts(cuSeqlens: Int32Array): number[] {
  const counts = emptyCounts(LENGTH_BUCKETS);
  for (let index = 1; index < cuSeqlens.length; index += 1) {
    const length = (cuSeqlens[index] as number) - (cuSeqlens[index - 1] as number);
    const bucket = bucketOf(LENGTH_BUCKETS, length);
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  return counts;
}
