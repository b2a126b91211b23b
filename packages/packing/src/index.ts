export { computeBatchEfficiency, type BatchEfficiency, type BatchFacts } from './batch-efficiency.ts';
export { packBestFitDecreasing } from './best-fit-decreasing.ts';
export { buildCuSeqlens } from './cu-seqlens.ts';
export { packFirstFitDecreasing } from './first-fit-decreasing.ts';
export {
  GreedyPacker,
  PACKING_ERROR_BELOW,
  PACKING_WARNING_BELOW,
  SPECIAL_TOKENS,
  type GreedyPackerLogger,
  type GreedyPackerOptions,
  type GreedyPacking,
  type PackableSequence,
  type PackedSequence,
  type RejectedSequence,
} from './greedy-packer.ts';
export { packHistogram } from './histogram-packing.ts';
export { lowerBoundL2 } from './lower-bound.ts';
export { packSimilarLengths, type SimilarLengthsOptions } from './similar-lengths.ts';
export { packOnePerSequence } from './one-per-sequence.ts';
export { OnlineBestFitPacker, type OnlineBestFitOptions } from './online-best-fit-packer.ts';
export { PACKER_VERSION, type Pack } from './pack.ts';
export {
  calculateTokenBudget,
  CPU_TOKEN_BUDGET,
  type NoTokenBudget,
  type Precision,
  type TokenBudget,
  type TokenBudgetInput,
  type TokenBudgetReason,
} from './token-budget.ts';
