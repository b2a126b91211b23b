import type { RowDifference } from './row-difference.ts';

export interface SequenceDifference extends RowDifference {
  readonly id: string;
  /** Those that were embedded. */
  readonly residues: number;
}

export interface LengthBin {
  readonly fromResidues: number;
  /** Null: no end. */
  readonly toResidues: number | null;
  readonly sequences: number;
  readonly worstCosine: number;
  readonly meanCosine: number;
  readonly maxAbsolute: number;
}

/** How far the rows of a run are from those of a reference. */
export interface Equivalence {
  readonly sequences: number;
  /** Sequences that have a row in the reference only. */
  readonly missing: number;
  readonly worstCosine: number;
  readonly meanCosine: number;
  readonly maxAbsolute: number;
  /** The sequence with the worst cosine; null without sequences. */
  readonly worstId: string | null;
  /** The least that the worst cosine may be. */
  readonly limit: number;
  /** Every sequence has a row, and none is below the limit. */
  readonly isEquivalent: boolean;
  /** Those with sequences in them, short ones first. */
  readonly bins: readonly LengthBin[];
}

/** Most residues of each bin; those of a read, of a domain, of a protein. */
const BIN_ENDS = [25, 50, 100, 200, 400, 800, Number.POSITIVE_INFINITY];

class Tally {
  sequences = 0;
  worst: SequenceDifference | null = null;
  #cosines = 0;
  maxAbsolute = 0;

  add(difference: SequenceDifference): void {
    this.sequences += 1;
    this.#cosines += difference.cosine;
    this.maxAbsolute = Math.max(this.maxAbsolute, difference.maxAbsolute);
    if (this.worst === null || difference.cosine < this.worst.cosine) this.worst = difference;
  }

  get figures() {
    return {
      sequences: this.sequences,
      worstCosine: this.worst?.cosine ?? 1,
      meanCosine: this.sequences === 0 ? 1 : this.#cosines / this.sequences,
      maxAbsolute: this.maxAbsolute,
    };
  }
}

/**
 * Sums up differences over all sequences and per length bin.
 *
 * @param limit the least that the cosine of any sequence may be
 */
export async function tallyEquivalence(
  differences: AsyncIterable<SequenceDifference | 'missing'>,
  limit: number,
): Promise<Equivalence> {
  const all = new Tally();
  const tallies = BIN_ENDS.map(() => new Tally());
  let missing = 0;
  for await (const difference of differences) {
    if (difference === 'missing') {
      missing += 1;
      continue;
    }
    all.add(difference);
    tallies[BIN_ENDS.findIndex((end) => difference.residues <= end)]?.add(difference);
  }
  return {
    ...all.figures,
    missing,
    worstId: all.worst?.id ?? null,
    limit,
    isEquivalent: missing === 0 && all.figures.worstCosine >= limit,
    bins: tallies.flatMap((tally, index) =>
      tally.sequences === 0 ? [] : [{ ...binOf(index), ...tally.figures }],
    ),
  };
}

function binOf(index: number): Pick<LengthBin, 'fromResidues' | 'toResidues'> {
  const end = BIN_ENDS[index] ?? Number.POSITIVE_INFINITY;
  return {
    fromResidues: (BIN_ENDS[index - 1] ?? 0) + 1,
    toResidues: Number.isFinite(end) ? end : null,
  };
}
