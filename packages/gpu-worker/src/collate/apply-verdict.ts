import type { PackRejection } from '@virnucpro/checkpoint/worker';
import type { PackVerdict } from '@virnucpro/protocol';

import type { PackedBatch } from './packed-batch.ts';
import { layOutPack, type TokenizedSequence } from './varlen-collator.ts';

/** A pack with what was found out about it. */
export interface JudgedPack extends PackedBatch {
  /** Records of the pack that are given up; their rows hold nothing. */
  readonly rejections: readonly PackRejection[];
  /** Most tokens to be computed at once. */
  readonly tokenLimit?: number | undefined;
}

/** Length of a stand-in: none at which anything could go wrong. */
const PIECE_TOKENS = 64;
const SPECIAL_TOKENS = 2;

/**
 * Puts short harmless sequences in the place of the records that crash. The pack keeps its tokens and every other
 * record its place, so the other records get the very bits that they would have got beside a record that is well.
 *
 * @param harmlessToken a residue to compute instead
 */
export function applyVerdict(
  pack: PackedBatch,
  verdicts: readonly PackVerdict[],
  harmlessToken: number,
): JudgedPack {
  const verdict = verdicts.find(({ packIndex }) => packIndex === pack.packIndex);
  if (verdict === undefined) return { ...pack, rejections: [] };
  const { crashing, detail } = verdict;
  const rejections = crashing.map((recordIndex) => ({
    recordIndex,
    reason: 'crashes-worker' as const,
    detail,
  }));
  const judged = crashing.length === 0 ? pack : withStandIns(pack, new Set(crashing), harmlessToken);
  return { ...judged, rejections, tokenLimit: verdict.tokenLimit ?? undefined };
}

function withStandIns(pack: PackedBatch, crashing: ReadonlySet<number>, harmlessToken: number): PackedBatch {
  const sequences = sequencesOf(pack).flatMap((sequence) =>
    crashing.has(sequence.recordIndex) ? standIns(sequence, harmlessToken) : [sequence],
  );
  return layOutPack(sequences, pack.packIndex, pack.isLastOfShard);
}

/** As many tokens, in pieces; none is shorter than BOS, one residue and EOS. */
function standIns(
  { id, recordIndex, tokens }: TokenizedSequence,
  harmlessToken: number,
): TokenizedSequence[] {
  const pieces: TokenizedSequence[] = [];
  for (let start = 0; start < tokens.length;) {
    const left = tokens.length - start;
    const length = left > PIECE_TOKENS + SPECIAL_TOKENS ? PIECE_TOKENS : left;
    const piece = new Uint8Array(length).fill(harmlessToken);
    piece[0] = tokens[0] as number;
    piece[length - 1] = tokens.at(-1) as number;
    pieces.push({ id, recordIndex, tokens: piece });
    start += length;
  }
  return pieces;
}

/** The given records of a pack as a pack of their own. */
export function subsetOf(pack: PackedBatch, records: ReadonlySet<number>): PackedBatch {
  const sequences = sequencesOf(pack).filter(({ recordIndex }) => records.has(recordIndex));
  return layOutPack(sequences, pack.packIndex, pack.isLastOfShard);
}

function sequencesOf({ inputIds, cuSeqlens, sequenceIds, recordIndices }: PackedBatch): TokenizedSequence[] {
  return sequenceIds.map((id, index) => ({
    id,
    recordIndex: recordIndices[index] as number,
    tokens: inputIds.subarray(cuSeqlens[index], cuSeqlens[index + 1]),
  }));
}
