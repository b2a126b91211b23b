/**
 * Budget without a device. No launches are saved by larger packs there, and what a layer writes for smaller ones stays in the
 * cache; a protein over 510 residues is a pack alone (ADR 0005).
 */
export const CPU_TOKEN_BUDGET = 512;

const DEFAULT_MIN = 1024;
const DEFAULT_MAX = 16_384;
const DEFAULT_MARGIN_SHARE = 0.15;
/** CUDA context, kernels and the workspaces of cuBLAS and cuDNN: allocated after free memory was read, not by the arena. */
const RUNTIME_BYTES = 2 ** 30;
const DEFAULT_MAX_SEQUENCE_TOKENS = 1024;
/** Budgets are multiples of it: free memory differs a little from start to start, the packs should not. */
const STEP = 1024;
/** The runtime's arena grows by powers of two and keeps fragments, so up to half of what it takes lies idle. */
const ARENA_OVERHEAD = 2;

/** Of weights and activations on the device. */
export type Precision = 'fp32' | 'fp16';

const BYTES_PER_ELEMENT = { fp32: 4, fp16: 2 } as const satisfies Record<Precision, number>;

export interface TokenBudgetInput {
  /** Free memory of the device before the model is loaded; null without a device. */
  readonly freeMemoryBytes: number | null;
  /** The weights on the device, in that precision. */
  readonly modelBytes: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly precision: Precision;
  /** Tokens of the longest sequence, BOS and EOS included. Default 1024. */
  readonly maxSequenceTokens?: number;
  /** Share of the free memory that is left alone, never less than 1 GiB. Default 0.15. */
  readonly marginShare?: number;
  /** Bounds in tokens. Default 1024 (1 without a device) and 16,384. */
  readonly min?: number;
  readonly max?: number;
  /** What the user asked for: it wins over everything. */
  readonly explicit?: number;
}

export type TokenBudgetReason = 'explicit' | 'no-device' | 'memory' | 'minimum' | 'maximum';

export interface TokenBudget {
  readonly fits: true;
  /** Tokens per pack, BOS and EOS included. */
  readonly tokenBudget: number;
  readonly reason: TokenBudgetReason;
  /** One sentence for logs: where the number comes from. */
  readonly explanation: string;
}

/** Not even the smallest budget, or the longest sequence alone, has room beside the weights. */
export interface NoTokenBudget {
  readonly fits: false;
  /** Free memory with which the model would fit. */
  readonly neededBytes: number;
  /** Weights for which there would be room, in a model as wide as this one; 0 for none. */
  readonly fittingModelBytes: number;
}

/**
 * How many tokens one forward pass may hold.
 *
 *   budget = (free - margin - model) / bytesPerToken, down to a multiple of 1024, clamped to [min, max]
 *   margin = 15 % of what is free, at least 1 GiB: CUDA context and library workspaces, which the arena does not hold,
 *            fragments, other processes. onnxruntime-node cannot limit the arena (its CUDA options are the device
 *            number only), so nothing but this margin and the budget bounds it
 *   bytesPerToken = 2 x (widest x bytesPerElement + attention)
 *   widest    = max(8 H, 2 H + 2 I)    elements alive at once in a layer of width H with an inner width I: residual,
 *               normed input, q, k, v, rotated q and k, context; or residual, normed input and both sides of the GELU
 *   attention = 4 heads                float16: variable-length FlashAttention writes no scores, only one float32 per
 *                                      head and token (Dao et al. 2022); no term grows with the square of the tokens
 *             = 2 heads S elements     float32: scores and softmax are written out, S = tokens of the longest sequence
 *   2 x       = the arena of ONNX Runtime, which grows by powers of two (arena_extend_strategy kNextPowerOfTwo)
 *
 * At inference a layer's buffers are those of the layer before, so the number of layers costs no activations. The
 * model is an estimate, meant to be safe: idle memory costs little, because devices are busy long before it is full. So
 * a device on which the estimate leaves less than the minimum still gets that, as long as the weights, 1 GiB and the
 * activations without the arena's share fit; on a smaller one there is no budget. Deterministic.
 *
 * @throws {RangeError} a size is not positive, the margin is not in 0 … 1, min exceeds max, or an explicit budget is
 *   not a positive integer
 */
export function calculateTokenBudget(input: TokenBudgetInput): TokenBudget | NoTokenBudget {
  const { freeMemoryBytes, explicit, min = DEFAULT_MIN, max = DEFAULT_MAX } = input;
  if (explicit !== undefined) {
    assertWhole('explicit', explicit);
    return {
      fits: true,
      tokenBudget: explicit,
      reason: 'explicit',
      explanation: `${explicit} tokens per pack, as asked for`,
    };
  }
  assertBounds(input, min, max);
  if (freeMemoryBytes === null) {
    const tokenBudget = clamp(CPU_TOKEN_BUDGET, input.min ?? 1, max);
    return {
      fits: true,
      tokenBudget,
      reason: 'no-device',
      explanation: `${tokenBudget} tokens per pack, the default without a GPU`,
    };
  }
  const bytesPerToken = activationBytesPerToken(input);
  const availableBytes = freeMemoryBytes - marginBytes(input, freeMemoryBytes) - input.modelBytes;
  const fitting = Math.max(0, Math.floor(availableBytes / bytesPerToken));
  if (fitting < leastTokens(input, min) && !fitsBarely(input, freeMemoryBytes, min))
    return doesNotFit(input, freeMemoryBytes, min);
  const tokenBudget = clamp(Math.floor(fitting / STEP) * STEP, min, max);
  const reason = fitting < min ? 'minimum' : fitting >= max ? 'maximum' : 'memory';
  const explanation =
    `${tokenBudget} tokens per pack: ${mebibytes(freeMemoryBytes)} MiB free, ${mebibytes(input.modelBytes)} MiB of ` +
    `weights, about ${Math.ceil(bytesPerToken / 1024)} KiB per token, so ${fitting} tokens fit; ${EXPLANATIONS[reason]}`;
  return { fits: true, tokenBudget, reason, explanation };
}

function marginBytes(
  { marginShare = DEFAULT_MARGIN_SHARE }: TokenBudgetInput,
  freeMemoryBytes: number,
): number {
  return Math.max(marginShare * freeMemoryBytes, RUNTIME_BYTES);
}

/** The largest pack of the smallest budget: a sequence that is longer than the budget is a pack alone. */
function leastTokens(
  { maxSequenceTokens = DEFAULT_MAX_SEQUENCE_TOKENS }: TokenBudgetInput,
  min: number,
): number {
  return Math.max(min, maxSequenceTokens);
}

function fitsBarely(input: TokenBudgetInput, freeMemoryBytes: number, min: number): boolean {
  const activationBytes = (leastTokens(input, min) * activationBytesPerToken(input)) / ARENA_OVERHEAD;
  return input.modelBytes + activationBytes + RUNTIME_BYTES <= freeMemoryBytes;
}

function doesNotFit(input: TokenBudgetInput, freeMemoryBytes: number, min: number): NoTokenBudget {
  const { modelBytes, marginShare = DEFAULT_MARGIN_SHARE } = input;
  const activationBytes = leastTokens(input, min) * activationBytesPerToken(input);
  const usedBytes = modelBytes + activationBytes;
  return {
    fits: false,
    neededBytes: Math.ceil(Math.max(usedBytes / (1 - marginShare), usedBytes + RUNTIME_BYTES)),
    fittingModelBytes: Math.max(
      0,
      Math.floor(freeMemoryBytes - marginBytes(input, freeMemoryBytes) - activationBytes),
    ),
  };
}

const EXPLANATIONS = {
  memory: `rounded down to a multiple of ${STEP}`,
  maximum: 'limited to the maximum, at which devices are busy',
  minimum: 'raised to the minimum, so the device may run out of memory',
} as const satisfies Partial<Record<TokenBudgetReason, string>>;

function activationBytesPerToken(input: TokenBudgetInput): number {
  const { hiddenSize, intermediateSize, heads, precision } = input;
  const bytesPerElement = BYTES_PER_ELEMENT[precision];
  const maxSequenceTokens = input.maxSequenceTokens ?? DEFAULT_MAX_SEQUENCE_TOKENS;
  const widest = Math.max(8 * hiddenSize, 2 * hiddenSize + 2 * intermediateSize);
  const attentionBytes = precision === 'fp16' ? 4 * heads : 2 * heads * maxSequenceTokens * bytesPerElement;
  return ARENA_OVERHEAD * (widest * bytesPerElement + attentionBytes);
}

function assertBounds(input: TokenBudgetInput, min: number, max: number): void {
  const { hiddenSize, layers, heads, intermediateSize, marginShare = DEFAULT_MARGIN_SHARE } = input;
  for (const [name, value] of Object.entries({ hiddenSize, layers, heads, intermediateSize, min, max })) {
    assertWhole(name, value);
  }
  if (!(marginShare >= 0 && marginShare < 1))
    throw new RangeError(`marginShare is ${marginShare}: give 0 to 1.`);
  if (min > max) throw new RangeError(`The smallest token budget, ${min}, exceeds the largest, ${max}.`);
}

function assertWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(`${name} is ${value}: it must be a positive integer.`);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
