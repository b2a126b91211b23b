import type { Pooling } from '@virnucpro/protocol';

import type { EsmLowering, Projections } from './esm-lowering.ts';
import type { EsmNodes, RotaryNames } from './esm-nodes.ts';
import type { LinearWeights } from './esm-weights.ts';
import { int, MICROSOFT } from './onnx/graph-builder.ts';
import { DATA_TYPE } from './onnx/proto.ts';
import { attendPerSequence, poolPerSequence } from './per-sequence.ts';

/**
 * Operators that every execution provider has; on a CPU also the fastest ones that were measured (plain Add and
 * LayerNormalization beat their fusion). The judge of all other lowerings.
 */
export class PortableLowering implements EsmLowering {
  /** The first one with Gelu. */
  readonly opset = 20;
  readonly queryScale: number;
  readonly #nodes: EsmNodes;
  readonly #boundaries: string;

  constructor(nodes: EsmNodes) {
    this.#nodes = nodes;
    this.queryScale = nodes.headDim ** -0.5;
    this.#boundaries = nodes.cast('cu_seqlens', DATA_TYPE.int64);
  }

  inputs() {
    return [];
  }

  /** Each token is a batch of one, so that positions may restart anywhere in the pack. */
  rotate(projected: string, { cos, sin }: RotaryNames): string {
    const { builder, model } = this.#nodes;
    const one = builder.int64s('axis', [1]);
    const positions = builder.node('Unsqueeze', ['position_ids', one]);
    const tokens = builder.node('Unsqueeze', [projected, one]);
    const rotated = builder.node('RotaryEmbedding', [tokens, positions, cos, sin], {
      domain: MICROSOFT,
      attributes: { interleaved: int(0), num_heads: int(model.heads) },
    });
    return this.#nodes.rounded(builder.node('Squeeze', [rotated, one]));
  }

  attend(projections: Projections): string {
    const { builder, model } = this.#nodes;
    const attended = attendPerSequence(builder, projections, this.#boundaries, {
      heads: model.heads,
      width: model.embeddingDim,
    });
    return this.#nodes.rounded(attended);
  }

  activate(input: string, weights: LinearWeights): string {
    const activated = this.#nodes.builder.node('Gelu', [this.#nodes.linear(input, weights)]);
    return this.#nodes.rounded(activated);
  }

  addAndNorm(residual: string, input: string, weights: LinearWeights, norm: LinearWeights) {
    const added = this.#nodes.builder.node('Add', [residual, this.#nodes.linear(input, weights)]);
    const sum = this.#nodes.rounded(added);
    return { sum, normed: this.#nodes.norm(sum, norm) };
  }

  pool(hidden: string, pooling: Pooling): string {
    const { builder, model } = this.#nodes;
    return poolPerSequence(builder, hidden, this.#boundaries, pooling, model.embeddingDim);
  }
}
