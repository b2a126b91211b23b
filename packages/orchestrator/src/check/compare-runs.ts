import { runPaths } from '@virnucpro/checkpoint';

import { tallyEquivalence, type Equivalence, type SequenceDifference } from './equivalence.ts';
import { rowDifference } from './row-difference.ts';
import { readRecordsWithRows, readRunRows, type RunRow } from './run-rows.ts';

/** Below it packing would have changed an embedding; in float32 and for the same kind of device. */
export const PACKED_LIMIT = 0.999_999;
/** The least that is asked of fp16 and int8, for any sequence. */
export const NARROW_LIMIT = 0.99;

export interface ComparedRuns {
  /** Folders of two finished runs over the same input that wrote float32. */
  readonly reference: string;
  readonly candidate: string;
  readonly embeddingDim: number;
}

/** Packed against one by one: does a row depend on what shares its pack? */
export function validatePackedEquivalence(runs: ComparedRuns): Promise<Equivalence> {
  return compareRuns(runs, PACKED_LIMIT);
}

/** @param limit the least that the cosine of any sequence may be */
export function compareRuns(runs: ComparedRuns, limit: number): Promise<Equivalence> {
  return tallyEquivalence(differences(runs), limit);
}

/** Both runs are in input order; either may lack records that it rejected. */
async function* differences({
  reference,
  candidate,
  embeddingDim,
}: ComparedRuns): AsyncGenerator<SequenceDifference | 'missing'> {
  const candidatePaths = runPaths(candidate);
  const inCandidate = await readRecordsWithRows(candidatePaths);
  const others = readRunRows(candidatePaths, embeddingDim);
  try {
    for await (const row of readRunRows(runPaths(reference), embeddingDim)) {
      if (!inCandidate.has(row.record)) {
        yield 'missing';
        continue;
      }
      const other = await nextOf(others, row.record);
      yield { id: row.id, residues: row.residues, ...rowDifference(other.embedding, row.embedding) };
    }
  } finally {
    // Rows that only the candidate has may remain, and with them its file open.
    await others.return(undefined);
  }
}

/** Passes over rows that only this run has. */
async function nextOf(rows: AsyncGenerator<RunRow>, record: string): Promise<RunRow> {
  for (;;) {
    const next = await rows.next();
    if (next.done === true) throw new Error(`the runs do not have ${record} in the same order`);
    if (next.value.record === record) return next.value;
  }
}
