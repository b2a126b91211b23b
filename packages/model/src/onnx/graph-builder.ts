import {
  DATA_TYPE,
  type Attribute,
  type DataType,
  type Graph,
  type GraphValue,
  type Initializer,
  type Node,
} from './proto.ts';

/** Operators outside the standard, as ONNX Runtime ships them. */
export const MICROSOFT = 'com.microsoft';

export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** Collects nodes and constants, names values, and keeps every name unique. Bodies of loops see outer values. */
export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: Node[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #names: Map<string, number>;

  /** @param names shared with the builders of loop bodies */
  constructor(name: string, names = new Map<string, number>()) {
    this.#name = name;
    this.#names = names;
  }

  /** A builder for the body of a loop. */
  body(name: string): GraphBuilder {
    return new GraphBuilder(this.unique(name), this.#names);
  }

  unique(stem: string): string {
    const count = this.#names.get(stem) ?? 0;
    this.#names.set(stem, count + 1);
    return count === 0 ? stem : `${stem}_${count}`;
  }

  /** Adds a node with one output and returns the name of that. An input of '' is left out. */
  node(op: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const [output] = this.nodes(op, inputs, [op.toLowerCase()], options);
    return output;
  }

  /** Adds a node with several outputs; a stem of '' leaves that one out. @returns their names */
  nodes<const Stems extends readonly string[]>(
    op: string,
    inputs: readonly string[],
    stems: Stems,
    { domain = '', attributes = {} }: NodeOptions = {},
  ): { readonly [Index in keyof Stems]: string } {
    const outputs = stems.map((stem) => (stem === '' ? '' : this.unique(stem)));
    this.#nodes.push({ op, domain, inputs, outputs, attributes });
    return outputs as { [Index in keyof Stems]: string };
  }

  /** Gives a value the name under which it leaves the graph. */
  rename(input: string, name: string): string {
    this.#nodes.push({ op: 'Identity', domain: '', inputs: [input], outputs: [name], attributes: {} });
    return name;
  }

  initializer(initializer: Initializer): string {
    this.#initializers.push(initializer);
    return initializer.name;
  }

  /** A constant of float32 numbers. */
  floats(stem: string, values: Float32Array, dims: readonly number[]): string {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.initializer({
      name: this.unique(stem),
      dataType: DATA_TYPE.float,
      dims,
      data: { kind: 'raw', bytes },
    });
  }

  /** A constant of int64 numbers; a scalar when `dims` is empty. */
  int64s(stem: string, values: readonly number[], dims: readonly number[] = [values.length]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.initializer({
      name: this.unique(stem),
      dataType: DATA_TYPE.int64,
      dims,
      data: { kind: 'raw', bytes },
    });
  }

  /** A constant of int32 numbers; a scalar when `dims` is empty. */
  int32s(stem: string, values: readonly number[], dims: readonly number[] = [values.length]): string {
    const bytes = new Uint8Array(Int32Array.from(values).buffer);
    return this.initializer({
      name: this.unique(stem),
      dataType: DATA_TYPE.int32,
      dims,
      data: { kind: 'raw', bytes },
    });
  }

  finish(inputs: readonly GraphValue[], outputs: readonly GraphValue[]): Graph {
    return { name: this.#name, nodes: this.#nodes, initializers: this.#initializers, inputs, outputs };
  }
}

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const graph = (value: Graph): Attribute => ({ kind: 'graph', value });

export function value(name: string, dataType: DataType, dims: readonly (number | string)[]): GraphValue {
  return { name, dataType, dims };
}
