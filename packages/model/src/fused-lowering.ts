import type { Pooling } from '@virnucpro/protocol';

import type { EsmLowering, Projections } from './esm-lowering.ts';
import type { EsmNodes, RotaryNames } from './esm-nodes.ts';
import type { LinearWeights } from './esm-weights.ts';
import { int, MICROSOFT, value } from './onnx/graph-builder.ts';
import { DATA_TYPE, type GraphValue } from './onnx/proto.ts';
import { poolByChunks } from './pool-by-chunks.ts';

/** Names of the inputs that only this lowering has; made by packTables. */
export const TOKEN_OFFSET = 'token_offset';

/**
 * For CUDA: attention over the packed tokens in one kernel, no loop over sequences (each turn of one would launch
 * kernels and wait for the device), and fused operators where ONNX Runtime has them. ADR 0009.
 */
export class FusedLowering implements EsmLowering {
  /** The last one of which CUDA has all kernels that are used here: what it has none for goes to the host and back. */
  readonly opset = 18;
  /** PackedMultiHeadAttention scales by headDim^-0.5 when no scale is given; rotation and scaling commute. */
  readonly queryScale = 1;
  readonly #nodes: EsmNodes;
  readonly #positioned = new Map<string, RotaryNames>();
  readonly #poolInputs: GraphValue[] = [];

  constructor(nodes: EsmNodes) {
    this.#nodes = nodes;
  }

  inputs() {
    return [value(TOKEN_OFFSET, DATA_TYPE.int32, ['sequences', 'longest']), ...this.#poolInputs];
  }

  /**
   * The pack is one sequence of T tokens to the operator, at places 0 … T - 1 of caches that hold the row of each
   * token's own position. With a batch of T, as the portable lowering has it, the kernel's grid ends at 65535 tokens.
   */
  rotate(projected: string, rotary: RotaryNames): string {
    const { builder, model } = this.#nodes;
    const { cos, sin } = this.#atPositions(rotary);
    const zero = builder.int64s('axis', [0]);
    const pack = builder.node('Unsqueeze', [projected, zero]);
    const rotated = builder.node('RotaryEmbedding', [pack, zero, cos, sin], {
      domain: MICROSOFT,
      attributes: { interleaved: int(0), num_heads: int(model.heads) },
    });
    return builder.node('Squeeze', [rotated, zero]);
  }

  /** [maxPositions, headDim / 2] -> [T, headDim / 2], once for all layers that share a cache */
  #atPositions({ cos, sin }: RotaryNames): RotaryNames {
    const known = this.#positioned.get(cos);
    if (known !== undefined) return known;
    const { builder } = this.#nodes;
    const rows = {
      cos: builder.node('Gather', [cos, 'position_ids']),
      sin: builder.node('Gather', [sin, 'position_ids']),
    };
    this.#positioned.set(cos, rows);
    return rows;
  }

  attend({ query, key, value: values }: Projections): string {
    const { builder, model } = this.#nodes;
    return builder.node('PackedMultiHeadAttention', [query, key, values, '', TOKEN_OFFSET, 'cu_seqlens'], {
      domain: MICROSOFT,
      attributes: { num_heads: int(model.heads) },
    });
  }

  activate(input: string, weights: LinearWeights): string {
    const product = this.#nodes.product(input, weights);
    return this.#nodes.builder.node('BiasGelu', [product, this.#nodes.weight(weights.bias)], {
      domain: MICROSOFT,
    });
  }

  addAndNorm(residual: string, input: string, weights: LinearWeights, norm: LinearWeights) {
    const nodes = this.#nodes;
    if (nodes.element === DATA_TYPE.float16) {
      // The fused kernel sums mean and variance in the type of its input: too coarse in float16.
      const sum = nodes.builder.node('Add', [residual, nodes.linear(input, weights)]);
      return { sum, normed: nodes.norm(sum, norm) };
    }
    const parameters = [norm.weight, norm.bias, weights.bias].map((tensor) => nodes.weight(tensor));
    const [normed, , , sum] = nodes.builder.nodes(
      'SkipLayerNormalization',
      [nodes.product(input, weights), residual, ...parameters],
      ['normed', '', '', 'sum'],
      { domain: MICROSOFT, attributes: { epsilon: nodes.epsilon } },
    );
    return { sum, normed };
  }

  pool(hidden: string, pooling: Pooling): string {
    const { rows, inputs } = poolByChunks(this.#nodes.builder, hidden, pooling);
    this.#poolInputs.push(...inputs);
    return rows;
  }
}
