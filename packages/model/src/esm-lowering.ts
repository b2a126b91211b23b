import type { Pooling } from '@virnucpro/protocol';

import type { RotaryNames } from './esm-nodes.ts';
import type { LinearWeights } from './esm-weights.ts';
import type { GraphValue } from './onnx/proto.ts';

/** Queries, keys and values of all heads, [T, H] each. */
export interface Projections {
  readonly query: string;
  readonly key: string;
  readonly value: string;
}

/**
 * The parts of ESM-2 that devices want said differently; what is common is in esm-graph.ts. T tokens, n sequences,
 * H wide; names are names of values in the graph.
 */
export interface EsmLowering {
  /** Version of the standard operators that the graph asks for. */
  readonly opset: number;

  /** Inputs of the graph beside `input_ids`, `position_ids` and `cu_seqlens`; called last. */
  inputs(): readonly GraphValue[];

  /** What queries are multiplied by before rotary; 1 where the attention scales them itself. */
  readonly queryScale: number;

  /** Rotate-half rotary at `position_ids`. [T, H] -> [T, H] */
  rotate(projected: string, rotary: RotaryNames): string;

  /** Attention of each sequence over itself. -> [T, H] */
  attend(projections: Projections): string;

  /** GELU(x W^T + b) with the exact error function. [T, in] -> [T, out] */
  activate(input: string, weights: LinearWeights): string;

  /** residual + x W^T + b, and its norm. [T, H], [T, in] -> [T, H] twice */
  addAndNorm(
    residual: string,
    input: string,
    weights: LinearWeights,
    norm: LinearWeights,
  ): { readonly sum: string; readonly normed: string };

  /** One row per sequence. [T, H] float32 -> [n, H] float32 */
  pool(hidden: string, pooling: Pooling): string;
}
