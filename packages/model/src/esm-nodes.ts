import type { Precision } from '@virnucpro/protocol';

import type { EsmModel } from './esm-model.ts';
import type { EsmLayerWeights, LinearWeights } from './esm-weights.ts';
import { Int8Linear } from './int8-linear.ts';
import { float, GraphBuilder, int } from './onnx/graph-builder.ts';
import { DATA_TYPE, type DataType } from './onnx/proto.ts';
import { inverseFrequencies, rotaryCache } from './rotary.ts';
import type { TensorLocation } from './safetensors.ts';

export interface EsmNodesOptions {
  /** What numbers are rounded to between operators. */
  readonly precision: Precision;
  /** What operators compute with: float16 only where the execution provider has kernels for it. */
  readonly element: typeof DATA_TYPE.float | typeof DATA_TYPE.float16;
  /** Tokens of the longest sequence, BOS and EOS included. */
  readonly maxPositions: number;
  /** Name, beside the graph, under which the runtime finds a weight file. */
  readonly fileNameOf: (weightFile: string) => string;
}

/** Cosines and sines, [maxPositions, headDim / 2] each. */
export interface RotaryNames {
  readonly cos: string;
  readonly sin: string;
}

const ONNX_TYPE: Readonly<Record<string, DataType>> = {
  F32: DATA_TYPE.float,
  F16: DATA_TYPE.float16,
  I8: DATA_TYPE.int8,
  BF16: DATA_TYPE.bfloat16,
};

/** The nodes that every lowering of ESM-2 is made of, with the model's weights. */
export class EsmNodes {
  readonly builder = new GraphBuilder('esm2');
  readonly model: EsmModel;
  /** Type of weights and activations in the graph. */
  readonly element: EsmNodesOptions['element'];
  readonly #options: EsmNodesOptions;
  readonly #rotary = new Map<string, RotaryNames>();
  readonly #int8 = new Int8Linear(this);

  constructor(model: EsmModel, options: EsmNodesOptions) {
    this.model = model;
    this.#options = options;
    this.element = options.element;
  }

  get headDim(): number {
    return this.model.embeddingDim / this.model.heads;
  }

  /** x W^T + b, all times `factor`. [T, in] -> [T, out] */
  linear(input: string, { weight, bias, scale }: LinearWeights, factor = 1): string {
    if (scale !== undefined) return this.#int8.linear(input, { weight, bias, scale }, factor);
    const sum = this.builder.node('Gemm', [input, this.weight(weight), this.weight(bias)], {
      attributes: { transB: int(1), alpha: float(factor), beta: float(factor) },
    });
    return this.rounded(sum);
  }

  /** x W^T, where the operator behind it adds the bias. */
  product(input: string, { weight }: LinearWeights): string {
    return this.builder.node('Gemm', [input, this.weight(weight)], { attributes: { transB: int(1) } });
  }

  /** Its mean and variance are float32 for every element type (stash_type 1, the default). */
  norm(input: string, { weight, bias }: LinearWeights): string {
    const normed = this.builder.node('LayerNormalization', [input, this.weight(weight), this.weight(bias)], {
      attributes: { axis: int(-1), epsilon: this.epsilon },
    });
    return this.rounded(normed);
  }

  get epsilon() {
    return float(this.model.config.layer_norm_eps);
  }

  /** As it would be kept in float16 between two kernels, where the graph computes fp16 in float32; else unchanged. */
  rounded(input: string): string {
    if (this.#options.precision !== 'fp16' || this.element === DATA_TYPE.float16) return input;
    return this.cast(this.cast(input, DATA_TYPE.float16), DATA_TYPE.float);
  }

  cast(input: string, to: DataType): string {
    return this.builder.node('Cast', [input], { attributes: { to: int(to) } });
  }

  /** Weights of another type pass through a Cast, which the runtime folds when it loads the graph. */
  weight(tensor: TensorLocation): string {
    const initializer = this.stored(tensor);
    return ONNX_TYPE[tensor.dtype] === this.element ? initializer : this.cast(initializer, this.element);
  }

  /** In the type that the file has it in. */
  stored({ name, file, dtype, shape, byteOffset, byteLength }: TensorLocation): string {
    const dataType = ONNX_TYPE[dtype];
    if (dataType === undefined) throw new Error(`tensor ${name} has type ${dtype}, which no graph takes`);
    return this.builder.initializer({
      name,
      dataType,
      dims: shape,
      data: { kind: 'external', fileName: this.#options.fileNameOf(file), byteOffset, byteLength },
    });
  }

  /** Layers with the same frequencies share one cache. */
  async rotaryFor({ inverseFrequencies: stored }: EsmLayerWeights): Promise<RotaryNames> {
    const frequencies = await inverseFrequencies(stored, this.headDim);
    const known = this.#rotary.get(frequencies.join());
    if (known !== undefined) return known;
    const { maxPositions } = this.#options;
    const cache = rotaryCache(frequencies, maxPositions);
    const dims = [maxPositions, frequencies.length];
    const names = {
      cos: this.floats('rotary_cos', cache.cos, dims),
      sin: this.floats('rotary_sin', cache.sin, dims),
    };
    this.#rotary.set(frequencies.join(), names);
    return names;
  }

  /** A constant of the element type. */
  floats(stem: string, values: Float32Array, dims: readonly number[]): string {
    const constant = this.builder.floats(stem, values, dims);
    return this.element === DATA_TYPE.float ? constant : this.cast(constant, this.element);
  }
}
