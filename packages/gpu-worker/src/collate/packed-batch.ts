/**
 * One pack, laid out for the device: n sequences of together T tokens, one behind the other, no padding.
 *
 *   inputIds     [ <cls> M K … <eos> | <cls> M A … <eos> | … ]   Uint8Array, T
 *   positionIds  [   0   1 2 …   k   |   0   1 2 …   m   | … ]   BigInt64Array, T
 *   cuSeqlens    [   0                  k+1                … T ]  Int32Array, n + 1
 *
 * The three arrays are views of one buffer that holds nothing else, so a pack moves between threads as a whole,
 * without a copy.
 */
export interface PackedBatch {
  /** Position of the pack among those of its shard; a pure function of shard and settings. */
  readonly packIndex: number;
  readonly inputIds: Uint8Array<ArrayBuffer>;
  readonly positionIds: BigInt64Array<ArrayBuffer>;
  readonly cuSeqlens: Int32Array<ArrayBuffer>;
  /** Tokens of the longest sequence. */
  readonly maxSeqlen: number;
  /** Ids in pack order, taken from the input; never invented. */
  readonly sequenceIds: readonly string[];
  readonly numSequences: number;
  readonly numTokens: number;
  /** Positions, in the shard, of the sequences in pack order. */
  readonly recordIndices: Uint32Array;
  /** The last pack of a shard holds what is left and may be part-empty by nature. */
  readonly isLastOfShard: boolean;
}
