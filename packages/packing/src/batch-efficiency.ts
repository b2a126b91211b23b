export interface BatchFacts {
  /** Tokens in the pack, BOS and EOS included. */
  readonly numTokens: number;
  readonly numSequences: number;
  /** Tokens of the longest sequence. */
  readonly maxSeqlen: number;
  /** Token budget per pack. */
  readonly maxTokensPerBatch: number;
}

/** Shares are 0 … 1; over 1 only for a sequence that is alone in a pack because it exceeds the budget. */
export interface BatchEfficiency {
  /** Tokens / budget. */
  readonly tokenUtilization: number;
  /** Share of padding, had the same sequences been padded to the longest: 1 - tokens / (sequences x longest). */
  readonly paddingWaste: number;
  /** Tokens per sequence, BOS and EOS included. */
  readonly averageSequenceLength: number;
  /**
   * The bound on tokenUtilization that the lengths set: for equal lengths, the whole sequences that fit (51 tokens in
   * a budget of 16,384: 321 x 51 / 16,384 = 0.9992); 1 for mixed lengths; never below the utilization reached.
   */
  readonly theoreticalEfficiency: number;
}

/**
 * How well one pack uses its budget.
 *
 * @returns all 0 for no sequences or no budget
 */
export function computeBatchEfficiency(facts: BatchFacts): BatchEfficiency {
  const { numTokens, numSequences, maxSeqlen, maxTokensPerBatch } = facts;
  if (numSequences <= 0 || maxTokensPerBatch <= 0) {
    return { tokenUtilization: 0, paddingWaste: 0, averageSequenceLength: 0, theoreticalEfficiency: 0 };
  }
  const tokenUtilization = numTokens / maxTokensPerBatch;
  const paddedTokens = numSequences * maxSeqlen;
  const equalLengths = numTokens === paddedTokens && maxSeqlen > 0;
  const wholeSequences = equalLengths
    ? Math.floor(maxTokensPerBatch / maxSeqlen) * maxSeqlen
    : maxTokensPerBatch;
  return {
    tokenUtilization,
    paddingWaste: paddedTokens > 0 ? 1 - numTokens / paddedTokens : 0,
    averageSequenceLength: numTokens / numSequences,
    theoreticalEfficiency: Math.max(tokenUtilization, wholeSequences / maxTokensPerBatch),
  };
}
