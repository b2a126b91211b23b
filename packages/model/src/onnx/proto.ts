import protobuf from 'protobufjs/minimal.js';

/**
 * The part of ONNX's protobuf schema that a graph needs. Field numbers: onnx.proto of the ONNX project,
 * github.com/onnx/onnx (Apache-2.0).
 */

/** TensorProto.DataType */
export const DATA_TYPE = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
} as const;
export type DataType = (typeof DATA_TYPE)[keyof typeof DATA_TYPE];

const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;
const EXTERNAL_LOCATION = 1;

export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'graph'; readonly value: Graph };

export interface Node {
  readonly op: string;
  /** '' is the standard set of operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Initializer {
  readonly name: string;
  readonly dataType: DataType;
  readonly dims: readonly number[];
  readonly data:
    | { readonly kind: 'raw'; readonly bytes: Uint8Array }
    /** A byte range of a file beside the model. */
    | {
        readonly kind: 'external';
        readonly fileName: string;
        readonly byteOffset: number;
        readonly byteLength: number;
      };
}

/** A value that enters or leaves a graph. A dimension that is text is free; a sequence holds tensors. */
export interface GraphValue {
  readonly name: string;
  readonly dataType: DataType;
  readonly dims: readonly (number | string)[];
  readonly sequence?: boolean;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
}

export interface Model {
  readonly irVersion: number;
  readonly producer: string;
  /** Version per domain of operators. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly graph: Graph;
}

type Write = (writer: protobuf.Writer) => void;

/** Serializes a ModelProto. The same model gives the same bytes. */
export function encodeModel({ irVersion, producer, opsets, graph }: Model): Uint8Array {
  const writer = protobuf.Writer.create();
  int64(1, irVersion)(writer);
  text(2, producer)(writer);
  message(7, encodeGraph(graph))(writer);
  for (const [domain, version] of Object.entries(opsets)) {
    message(8, [text(1, domain), int64(2, version)])(writer);
  }
  return writer.finish();
}

function encodeGraph({ name, nodes, initializers, inputs, outputs }: Graph): Write[] {
  return [
    ...nodes.map((node) => message(1, encodeNode(node))),
    text(2, name),
    ...initializers.map((initializer) => message(5, encodeInitializer(initializer))),
    ...inputs.map((value) => message(11, encodeValue(value))),
    ...outputs.map((value) => message(12, encodeValue(value))),
  ];
}

function encodeNode({ op, domain, inputs, outputs, attributes }: Node): Write[] {
  return [
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    text(4, op),
    ...Object.entries(attributes).map(([name, attribute]) =>
      message(5, [text(1, name), ...encodeAttribute(attribute)]),
    ),
    text(7, domain),
  ];
}

function encodeAttribute(attribute: Attribute): Write[] {
  const type = int64(20, ATTRIBUTE_TYPE[attribute.kind]);
  switch (attribute.kind) {
    case 'float':
      return [(writer) => void writer.uint32((2 << 3) | 5).float(attribute.value), type];
    case 'int':
      return [int64(3, attribute.value), type];
    case 'string':
      return [text(4, attribute.value), type];
    case 'graph':
      return [message(6, encodeGraph(attribute.value)), type];
    case 'ints':
      return [...attribute.value.map((value) => int64(8, value)), type];
    default:
      return attribute satisfies never;
  }
}

function encodeInitializer({ name, dataType, dims, data }: Initializer): Write[] {
  const head = [...dims.map((dim) => int64(1, dim)), int64(2, dataType), text(8, name)];
  if (data.kind === 'raw') return [...head, (writer) => void writer.uint32((9 << 3) | 2).bytes(data.bytes)];
  const { fileName, byteOffset, byteLength } = data;
  const entry = (key: string, value: string): Write => message(13, [text(1, key), text(2, value)]);
  return [
    ...head,
    entry('location', fileName),
    entry('offset', String(byteOffset)),
    entry('length', String(byteLength)),
    int64(14, EXTERNAL_LOCATION),
  ];
}

function encodeValue({ name, dataType, dims, sequence }: GraphValue): Write[] {
  const shape = dims.map((dim) => message(1, [typeof dim === 'number' ? int64(1, dim) : text(2, dim)]));
  const tensor = [int64(1, dataType), message(2, shape)];
  const type = sequence === true ? [message(4, [message(1, [message(1, tensor)])])] : [message(1, tensor)];
  return [text(1, name), message(2, type)];
}

function message(field: number, parts: readonly Write[]): Write {
  return (writer) => {
    writer.uint32((field << 3) | 2).fork();
    for (const part of parts) part(writer);
    writer.ldelim();
  };
}

function text(field: number, value: string): Write {
  return (writer) => void writer.uint32((field << 3) | 2).string(value);
}

function int64(field: number, value: number): Write {
  return (writer) => void writer.uint32(field << 3).int64(value);
}
