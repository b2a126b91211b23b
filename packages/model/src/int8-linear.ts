import type { LinearWeights } from './esm-weights.ts';
import { int, MICROSOFT, type GraphBuilder } from './onnx/graph-builder.ts';
import { DATA_TYPE } from './onnx/proto.ts';
import type { TensorLocation } from './safetensors.ts';

/** A matrix in int8, [in, out], with a scale for each output, [out]. */
export interface Int8LinearWeights extends LinearWeights {
  readonly scale: TensorLocation;
}

/** The nodes around it. */
export interface WeightNodes {
  readonly builder: GraphBuilder;
  /** An initializer in the type that the graph computes with. */
  weight(tensor: TensorLocation): string;
  /** An initializer in the type that its file has it in. */
  stored(tensor: TensorLocation): string;
}

/** Rows of a pack in uint8. */
interface QuantizedRows {
  /** [T, in], around `ZERO_POINT`. */
  readonly numbers: string;
  /** [T, 1] */
  readonly scales: string;
}

const ZERO_POINT = 128;
/** Steps on either side of it. */
const ROW_STEPS = 127;

/**
 * Products of rows in uint8 and matrices in int8. Every row has a scale of its own, from its largest number, unlike ONNX
 * Runtime's dynamic quantization, which has one for the whole tensor: so a row does not depend on what shares its pack
 * (ADR 0012). Sums are whole numbers, which no order changes.
 */
export class Int8Linear {
  readonly #nodes: WeightNodes;
  /** By their value in the graph: queries, keys and values are made from the same rows. */
  readonly #rows = new Map<string, QuantizedRows>();

  constructor(nodes: WeightNodes) {
    this.#nodes = nodes;
  }

  /** x W^T + b, all times `factor`. [T, in] -> [T, out] */
  linear(input: string, { weight, bias, scale }: Int8LinearWeights, factor: number): string {
    const nodes = this.#nodes;
    const { builder } = nodes;
    const rows = this.#quantized(input, weight.shape[0] ?? 0);
    const factorName = this.#constant('factor', factor);
    const products = builder.node(
      'MatMulIntegerToFloat',
      [rows.numbers, nodes.stored(weight), factorName, nodes.stored(scale), this.#zeroPoint()],
      { domain: MICROSOFT },
    );
    const scaled = builder.node('Mul', [products, rows.scales]);
    return builder.node('Add', [scaled, builder.node('Mul', [nodes.weight(bias), factorName])]);
  }

  #quantized(input: string, width: number): QuantizedRows {
    const known = this.#rows.get(input);
    if (known !== undefined) return known;
    const { builder } = this.#nodes;
    const last = builder.int64s('axis', [-1]);
    const magnitude = builder.node('ReduceMax', [builder.node('Abs', [input]), last], {
      attributes: { keepdims: int(1) },
    });
    const finiteScales = builder.node('Mul', [magnitude, this.#constant('row_step', 1 / ROW_STEPS)]);
    // ReduceMax may pass over a NaN, and no whole number stands for one: 0 x the row is 0, or NaN in what is made of the row.
    const zeros = builder.floats('zeros', new Float32Array(width), [width, 1]);
    const scales = builder.node('Add', [finiteScales, builder.node('MatMul', [input, zeros])]);
    const perRow = builder.node('Squeeze', [scales, last]);
    const zeroPoints = builder.node('Expand', [this.#zeroPoint(), builder.node('Shape', [perRow])]);
    const numbers = builder.node('QuantizeLinear', [input, perRow, zeroPoints], {
      attributes: { axis: int(0) },
    });
    const rows = { numbers, scales };
    this.#rows.set(input, rows);
    return rows;
  }

  #constant(stem: string, value: number): string {
    return this.#nodes.builder.floats(stem, Float32Array.of(value), []);
  }

  #zeroPoint(): string {
    const { builder } = this.#nodes;
    return builder.initializer({
      ...{ name: builder.unique('zero_point'), dataType: DATA_TYPE.uint8, dims: [] },
      data: { kind: 'raw', bytes: Uint8Array.of(ZERO_POINT) },
    });
  }
}
