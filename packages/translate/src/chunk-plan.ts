import type { TranslationSettings } from '@virnucpro/protocol';

export type ChunkLength = TranslationSettings['chunkLength'];

/** The lengths that VirNucPro has models for, in bases. */
export const CHUNK_LENGTHS = [300, 500] as const satisfies readonly ChunkLength[];

/** How a record is cut; `start` and `end` give chunk 0 … count − 1 as [start, end). */
export interface ChunkPlan {
  readonly count: number;
  /** Bases that two chunks share. */
  readonly overlap: number;
  /** So many overlaps, the first ones, are one base longer. */
  readonly longerOverlaps: number;
  readonly start: (index: number) => number;
  readonly end: (index: number) => number;
}

/**
 * Cuts a record into the fewest chunks that cover it, overlapping as VirNucPro lets them (units.py, lines 9 to 36).
 *
 * The chunks are too long together by `surplus`. Each border takes floor(surplus / count) of it as overlap, and the
 * first borders one base more, until it is used up. The original divides by the number of chunks and not of borders,
 * so with few chunks a rest stays over, and the last chunk is short: 301 bases give 300 and 151.
 *
 * @param recordLength in bases; a record of none has no chunk (the original divides by zero)
 * @param chunkLength in bases
 */
export function planChunks(recordLength: number, chunkLength: number): ChunkPlan {
  const count = Math.ceil(recordLength / chunkLength);
  const surplus = count * chunkLength - recordLength;
  const overlap = count === 0 ? 0 : Math.floor(surplus / count);
  const longerOverlaps = surplus - overlap * (count - 1);
  const start = (index: number): number => index * (chunkLength - overlap) - Math.min(index, longerOverlaps);
  const end = (index: number): number => Math.min(start(index) + chunkLength, recordLength);
  return { count, overlap, longerOverlaps, start, end };
}
