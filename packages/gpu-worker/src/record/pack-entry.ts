import type { PackEntry, PackRejection } from '@virnucpro/checkpoint/worker';

import type { InferenceResult } from '../inference/async-inference-runner.ts';
import type { ShardPack } from '../loader/async-data-loader.ts';

/**
 * What the log keeps of a computed pack: rows that count, records that are rejected, and both for the copies of each
 * record too.
 *
 * @param rowBytes of one row
 */
export function packEntry(result: InferenceResult<ShardPack>, rowBytes: number): PackEntry {
  const { batch, rows, parts } = result;
  const { packIndex, recordIndices, copies } = batch;
  const notes = parts > 1 ? { parts } : null;
  const rejections = withCopies(rejectionsOf(result), copies);
  if (rejections.length === 0 && copies.size === 0)
    return { packIndex, recordIndices, rows, rejections, notes };
  const rejected = new Set(rejections.map(({ recordIndex }) => recordIndex));
  const kept: number[] = [];
  const parted: Uint8Array[] = [];
  recordIndices.forEach((recordIndex, row) => {
    if (rejected.has(recordIndex)) return;
    const content = rows.subarray(row * rowBytes, (row + 1) * rowBytes);
    for (const record of [recordIndex, ...(copies.get(recordIndex) ?? [])]) {
      kept.push(record);
      parted.push(content);
    }
  });
  return {
    packIndex,
    recordIndices: Uint32Array.from(kept),
    rows: Buffer.concat(parted),
    rejections,
    notes,
  };
}

function rejectionsOf({ batch, nonFiniteRows }: InferenceResult<ShardPack>): PackRejection[] {
  const judged = new Set(batch.rejections.map(({ recordIndex }) => recordIndex));
  const nonFinite = nonFiniteRows
    .map((row) => batch.recordIndices[row] as number)
    .filter((recordIndex) => !judged.has(recordIndex));
  return [
    ...batch.rejections,
    ...nonFinite.map((recordIndex) => ({
      recordIndex,
      reason: 'non-finite' as const,
      detail: 'the model gave NaN or infinity, twice',
    })),
  ];
}

function withCopies(rejections: readonly PackRejection[], copies: ShardPack['copies']): PackRejection[] {
  return rejections.flatMap((rejection) => [
    rejection,
    ...(copies.get(rejection.recordIndex) ?? []).map((recordIndex) => ({ ...rejection, recordIndex })),
  ]);
}
