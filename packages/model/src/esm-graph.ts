import type { EmbeddingDtype, Pooling } from '@virnucpro/protocol';

import type { EsmModel } from './esm-model.ts';
import type { EsmLayerWeights, LinearWeights } from './esm-weights.ts';
import { float, GraphBuilder, int, MICROSOFT, value } from './onnx/graph-builder.ts';
import { DATA_TYPE, encodeModel, type DataType } from './onnx/proto.ts';
import { attendPerSequence, poolPerSequence } from './per-sequence.ts';
import { inverseFrequencies, rotaryCache } from './rotary.ts';
import type { TensorLocation } from './safetensors.ts';

/** Raised whenever the graph may give other bits for the same weights. */
export const GRAPH_VERSION = 1;

export interface EsmGraphOptions {
  /** none: the output is `hidden_states` [T, D], one row per token. */
  readonly pooling: Pooling | 'none';
  readonly outputDtype: EmbeddingDtype;
  /** Tokens of the longest sequence, BOS and EOS included. */
  readonly maxPositions: number;
  /** Name, beside the graph, under which the runtime finds a weight file. */
  readonly fileNameOf: (weightFile: string) => string;
}

const IR_VERSION = 9;
const OPSETS = { '': 20, [MICROSOFT]: 1 };

/** 1 - 0.15 x 0.8: what training with masked tokens scaled embeddings by; fair-esm, esm/model/esm2.py. */
const TOKEN_DROPOUT_SCALE = 0.88;

const ONNX_TYPE: Readonly<Record<string, DataType>> = {
  F32: DATA_TYPE.float,
  F16: DATA_TYPE.float16,
  BF16: DATA_TYPE.bfloat16,
};

/**
 * ESM-2 over a pack of n sequences with together T tokens, one behind the other, no padding.
 *
 *   input_ids [T] uint8 · position_ids [T] int64, 0 at each BOS · cu_seqlens [n + 1] int32, starts 0, ends T
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
  readonly #builder = new GraphBuilder('esm2');
  readonly #rotary = new Map<string, { readonly cos: string; readonly sin: string }>();

  constructor(model: EsmModel, options: EsmGraphOptions) {
    this.#model = model;
    this.#options = options;
  }

  async build(): Promise<Uint8Array> {
    const boundaries = this.#cast('cu_seqlens', DATA_TYPE.int64);
    let hidden = this.#embed();
    for (const layer of this.#model.weights.layers) hidden = await this.#layer(hidden, layer, boundaries);
    hidden = this.#norm(hidden, this.#model.weights.finalNorm);
    const { pooling, outputDtype } = this.#options;
    const rows =
      pooling === 'none'
        ? hidden
        : poolPerSequence(this.#builder, hidden, boundaries, pooling, this.#model.embeddingDim);
    return this.#finish(outputDtype === 'float16' ? this.#cast(rows, DATA_TYPE.float16) : rows);
  }

  #finish(rows: string): Uint8Array {
    const { pooling, outputDtype } = this.#options;
    const name = pooling === 'none' ? 'hidden_states' : 'embeddings';
    const dataType = outputDtype === 'float16' ? DATA_TYPE.float16 : DATA_TYPE.float;
    const output = this.#builder.rename(rows, name);
    const graph = this.#builder.finish(
      [
        value('input_ids', DATA_TYPE.uint8, ['tokens']),
        value('position_ids', DATA_TYPE.int64, ['tokens']),
        value('cu_seqlens', DATA_TYPE.int32, ['boundaries']),
      ],
      [value(output, dataType, [pooling === 'none' ? 'tokens' : 'sequences', this.#model.embeddingDim])],
    );
    return encodeModel({ irVersion: IR_VERSION, producer: 'virnucpro-orchestrate', opsets: OPSETS, graph });
  }

  /** -> [T, H] */
  #embed(): string {
    const { weights, config } = this.#model;
    const ids = this.#cast('input_ids', DATA_TYPE.int32);
    let hidden = this.#builder.node('Gather', [this.#weight(weights.wordEmbeddings), ids]);
    if (config.token_dropout) {
      const scale = this.#builder.floats('token_dropout_scale', Float32Array.of(TOKEN_DROPOUT_SCALE), []);
      hidden = this.#builder.node('Mul', [hidden, scale]);
    }
    return weights.embeddingNorm === null ? hidden : this.#norm(hidden, weights.embeddingNorm);
  }

  /** [T, H] -> [T, H] */
  async #layer(hidden: string, layer: EsmLayerWeights, boundaries: string): Promise<string> {
    const attention = await this.#attention(this.#norm(hidden, layer.attentionNorm), layer, boundaries);
    const attended = this.#builder.node('Add', [hidden, this.#linear(attention, layer.attentionOutput)]);
    const inner = this.#linear(this.#norm(attended, layer.feedForwardNorm), layer.intermediate);
    const activated = this.#builder.node('Gelu', [inner]);
    return this.#builder.node('Add', [attended, this.#linear(activated, layer.output)]);
  }

  async #attention(normed: string, layer: EsmLayerWeights, boundaries: string): Promise<string> {
    const { heads, embeddingDim } = this.#model;
    const scale = (embeddingDim / heads) ** -0.5;
    const rotary = await this.#rotaryFor(layer);
    const query = this.#rotate(this.#linear(normed, layer.query, scale), rotary);
    const key = this.#rotate(this.#linear(normed, layer.key), rotary);
    const value = this.#linear(normed, layer.value);
    return attendPerSequence(this.#builder, { query, key, value }, boundaries, {
      heads,
      width: embeddingDim,
    });
  }

  /** [T, H] -> [T, H]; each token is a batch of one, so that positions may restart anywhere in the pack. */
  #rotate(projected: string, { cos, sin }: { readonly cos: string; readonly sin: string }): string {
    const one = this.#builder.int64s('axis', [1]);
    const positions = this.#builder.node('Unsqueeze', ['position_ids', one]);
    const tokens = this.#builder.node('Unsqueeze', [projected, one]);
    const rotated = this.#builder.node('RotaryEmbedding', [tokens, positions, cos, sin], {
      domain: MICROSOFT,
      attributes: { interleaved: int(0), num_heads: int(this.#model.heads) },
    });
    return this.#builder.node('Squeeze', [rotated, one]);
  }

  /** Layers with the same frequencies share one cache. */
  async #rotaryFor({ inverseFrequencies: stored }: EsmLayerWeights) {
    const { heads, embeddingDim } = this.#model;
    const frequencies = await inverseFrequencies(stored, embeddingDim / heads);
    const known = this.#rotary.get(frequencies.join());
    if (known !== undefined) return known;
    const { maxPositions } = this.#options;
    const cache = rotaryCache(frequencies, maxPositions);
    const dims = [maxPositions, frequencies.length];
    const names = {
      cos: this.#builder.floats('rotary_cos', cache.cos, dims),
      sin: this.#builder.floats('rotary_sin', cache.sin, dims),
    };
    this.#rotary.set(frequencies.join(), names);
    return names;
  }

  /** x W^T + b, all times `scale`. */
  #linear(input: string, { weight, bias }: LinearWeights, scale = 1): string {
    return this.#builder.node('Gemm', [input, this.#weight(weight), this.#weight(bias)], {
      attributes: { transB: int(1), alpha: float(scale), beta: float(scale) },
    });
  }

  #norm(input: string, { weight, bias }: LinearWeights): string {
    return this.#builder.node('LayerNormalization', [input, this.#weight(weight), this.#weight(bias)], {
      attributes: { axis: int(-1), epsilon: float(this.#model.config.layer_norm_eps) },
    });
  }

  #cast(input: string, to: DataType): string {
    return this.#builder.node('Cast', [input], { attributes: { to: int(to) } });
  }

  /** Half-precision weights are widened by a Cast, which the runtime folds when it loads the graph. */
  #weight({ name, file, dtype, shape, byteOffset, byteLength }: TensorLocation): string {
    const dataType = ONNX_TYPE[dtype];
    if (dataType === undefined) throw new Error(`tensor ${name} has type ${dtype}, which no graph takes`);
    const initializer = this.#builder.initializer({
      name,
      dataType,
      dims: shape,
      data: { kind: 'external', fileName: this.#options.fileNameOf(file), byteOffset, byteLength },
    });
    return dataType === DATA_TYPE.float ? initializer : this.#cast(initializer, DATA_TYPE.float);
  }
}
