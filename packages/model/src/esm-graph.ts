import type { EmbeddingDtype, ExecutionProvider, Pooling, Precision } from '@virnucpro/protocol';

import type { EsmLowering } from './esm-lowering.ts';
import type { EsmModel } from './esm-model.ts';
import { EsmNodes, type EsmNodesOptions } from './esm-nodes.ts';
import type { EsmLayerWeights } from './esm-weights.ts';
import { FusedLowering } from './fused-lowering.ts';
import { MICROSOFT, value } from './onnx/graph-builder.ts';
import { DATA_TYPE, encodeModel } from './onnx/proto.ts';
import { PortableLowering } from './portable-lowering.ts';

/** Raised whenever the graph may give other bits for the same weights. */
export const GRAPH_VERSION = 2;

export interface EsmGraphOptions {
  /** none: the output is `hidden_states` [T, D], one row per token. */
  readonly pooling: Pooling | 'none';
  readonly outputDtype: EmbeddingDtype;
  /**
   * fp16: weights and what passes between operators are kept as float16; statistics and pooling are float32.
   * int8: matrices and what they are multiplied with, nothing else.
   */
  readonly precision: Precision;
  readonly element: EsmNodesOptions['element'];
  readonly lowering: (nodes: EsmNodes) => EsmLowering;
  /** Tokens of the longest sequence, BOS and EOS included. */
  readonly maxPositions: number;
  /** Name, beside the graph, under which the runtime finds a weight file. */
  readonly fileNameOf: (weightFile: string) => string;
}

/** Those that have kernels for it: products of whole numbers are for CPUs. */
export function providersOf(precision: Precision): readonly ExecutionProvider[] {
  return precision === 'int8' ? ['cpu'] : ['cuda', 'cpu'];
}

/**
 * What an execution provider gets. The CPU has few kernels for float16, thirty times as slow as those for float32: there
 * fp16 is float32 arithmetic on numbers that are rounded to float16 wherever a GPU would keep them so.
 */
export function loweringFor(
  provider: ExecutionProvider,
  precision: Precision,
): Pick<EsmGraphOptions, 'precision' | 'element' | 'lowering'> {
  switch (provider) {
    case 'cpu':
      return { precision, element: DATA_TYPE.float, lowering: (nodes) => new PortableLowering(nodes) };
    case 'cuda': {
      const element = precision === 'fp16' ? DATA_TYPE.float16 : DATA_TYPE.float;
      return { precision, element, lowering: (nodes) => new FusedLowering(nodes) };
    }
    default:
      return provider satisfies never;
  }
}

const IR_VERSION = 9;

/** 1 - 0.15 x 0.8: what training with masked tokens scaled embeddings by; fair-esm, esm/model/esm2.py. */
const TOKEN_DROPOUT_SCALE = 0.88;

/**
 * ESM-2 over a pack of n sequences with together T tokens, one behind the other, no padding.
 *
 *   input_ids [T] uint8 · position_ids [T] int64, 0 at each BOS · cu_seqlens [n + 1] int32, starts 0, ends T
 *   · what the lowering takes beside (see PackTables)
 *   -> embeddings [n, D], pooled in the graph; or hidden_states [T, D]
 *
 * Source: fair-esm (esm/model/esm2.py, esm/multihead_attention.py) and transformers (modeling_esm.py): pre-norm
 * layers, q scaled by headDim^-0.5 before rotary, rotate-half rotary, exact GELU, a norm after the last layer.
 * Matrices are taken as stored, [out, in]; weights stay in their safetensors files as external data.
 *
 * @returns a serialized ONNX ModelProto; the same model and options give the same bytes
 */
export async function buildEsmGraph(model: EsmModel, options: EsmGraphOptions): Promise<Uint8Array> {
  return new EsmGraph(model, options).build();
}

class EsmGraph {
  readonly #model: EsmModel;
  readonly #options: EsmGraphOptions;
  readonly #nodes: EsmNodes;
  readonly #lowering: EsmLowering;

  constructor(model: EsmModel, options: EsmGraphOptions) {
    this.#model = model;
    this.#options = options;
    this.#nodes = new EsmNodes(model, options);
    this.#lowering = options.lowering(this.#nodes);
  }

  async build(): Promise<Uint8Array> {
    const hidden = this.#widened(await this.#encode(this.#embed()));
    const { pooling, outputDtype } = this.#options;
    const rows = pooling === 'none' ? hidden : this.#lowering.pool(hidden, pooling);
    return this.#finish(outputDtype === 'float16' ? this.#nodes.cast(rows, DATA_TYPE.float16) : rows);
  }

  #finish(rows: string): Uint8Array {
    const { pooling, outputDtype } = this.#options;
    const { builder } = this.#nodes;
    const name = pooling === 'none' ? 'hidden_states' : 'embeddings';
    const dataType = outputDtype === 'float16' ? DATA_TYPE.float16 : DATA_TYPE.float;
    const output = builder.rename(rows, name);
    const graph = builder.finish(
      [
        value('input_ids', DATA_TYPE.uint8, ['tokens']),
        value('position_ids', DATA_TYPE.int64, ['tokens']),
        value('cu_seqlens', DATA_TYPE.int32, ['boundaries']),
        ...this.#lowering.inputs(),
      ],
      [value(output, dataType, [pooling === 'none' ? 'tokens' : 'sequences', this.#model.embeddingDim])],
    );
    const opsets = { '': this.#lowering.opset, [MICROSOFT]: 1 };
    return encodeModel({ irVersion: IR_VERSION, producer: 'virnucpro-orchestrate', opsets, graph });
  }

  /** -> [T, H] */
  #embed(): string {
    const nodes = this.#nodes;
    const { weights, config } = this.#model;
    const ids = nodes.cast('input_ids', DATA_TYPE.int32);
    let hidden = nodes.builder.node('Gather', [nodes.weight(weights.wordEmbeddings), ids]);
    if (config.token_dropout) {
      const scale = nodes.floats('token_dropout_scale', Float32Array.of(TOKEN_DROPOUT_SCALE), []);
      hidden = nodes.rounded(nodes.builder.node('Mul', [hidden, scale]));
    }
    return weights.embeddingNorm === null ? hidden : nodes.norm(hidden, weights.embeddingNorm);
  }

  /** All layers. Every norm but the first follows an addition, so the two are said together. [T, H] -> [T, H] */
  async #encode(embedded: string): Promise<string> {
    const { layers, finalNorm } = this.#model.weights;
    const [first, ...others] = layers.map(({ attentionNorm }) => attentionNorm);
    const normsBehind = [...others, finalNorm];
    let hidden = embedded;
    let normed = first === undefined ? embedded : this.#nodes.norm(embedded, first);
    for (const [index, layer] of layers.entries()) {
      const attention = await this.#attention(normed, layer);
      const inner = this.#lowering.addAndNorm(
        hidden,
        attention,
        layer.attentionOutput,
        layer.feedForwardNorm,
      );
      const activated = this.#lowering.activate(inner.normed, layer.intermediate);
      const norm = normsBehind[index] ?? finalNorm;
      ({ sum: hidden, normed } = this.#lowering.addAndNorm(inner.sum, activated, layer.output, norm));
    }
    return normed;
  }

  async #attention(normed: string, layer: EsmLayerWeights): Promise<string> {
    const nodes = this.#nodes;
    const lowering = this.#lowering;
    const rotary = await nodes.rotaryFor(layer);
    const query = lowering.rotate(nodes.linear(normed, layer.query, lowering.queryScale), rotary);
    const key = lowering.rotate(nodes.linear(normed, layer.key), rotary);
    return lowering.attend({ query, key, value: nodes.linear(normed, layer.value) });
  }

  /** Pooling is in float32, for every precision. */
  #widened(hidden: string): string {
    return this.#nodes.element === DATA_TYPE.float ? hidden : this.#nodes.cast(hidden, DATA_TYPE.float);
  }
}
