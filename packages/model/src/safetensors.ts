import { open, type FileHandle } from 'node:fs/promises';

import { InputError } from '@virnucpro/protocol';
import * as z from 'zod';

import { float16Value } from './float16.ts';

export type TensorDtype = 'F32' | 'F16' | 'BF16' | 'I64' | 'I8';

/** Where one tensor lies in its file. */
export interface TensorLocation {
  readonly name: string;
  readonly file: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the start of the file, not of the data. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** In files of ours: the tensor with the scales of a matrix in int8. */
export function scaleName(matrix: string): string {
  return `${matrix}.scale`;
}

const LENGTH_BYTES = 8;
/** As the reference implementation limits it. */
const MAX_HEADER_BYTES = 100_000_000;

const DTYPE_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const headerSchema = z.record(z.string(), z.unknown());

/**
 * Reads the header of a .safetensors file: u64 length, JSON, data. No weight is read. Every offset is checked
 * against the file before anything trusts it.
 *
 * @throws {InputError} MODEL_WEIGHTS_INVALID naming the file and what does not fit
 */
export async function readSafetensors(file: string): Promise<TensorLocation[]> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const headerBytes = await readHeaderLength(handle, file, size);
    const header = parseHeader(await readExactly(handle, LENGTH_BYTES, headerBytes), file);
    const dataStart = LENGTH_BYTES + headerBytes;
    return Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(([name, entry]) => locate(name, entry, file, dataStart, size));
  } finally {
    await handle.close();
  }
}

export interface TensorHeading {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly elementBytes: number;
}

/** What stands before the data of tensors that follow one another without gaps. */
export function encodeSafetensorsHeader(tensors: readonly TensorHeading[]): Buffer {
  let offset = 0;
  const entries = tensors.map(({ name, dtype, shape, elementBytes }) => {
    const start = offset;
    offset += shape.reduce((product, dimension) => product * dimension, elementBytes);
    return [name, { dtype, shape, data_offsets: [start, offset] }] as const;
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json]);
}

/** Reads a float tensor whole, as float32. */
export async function readTensor({
  file,
  dtype,
  byteOffset,
  byteLength,
}: TensorLocation): Promise<Float32Array<ArrayBuffer>> {
  const handle = await open(file, 'r');
  try {
    const bytes = await readExactly(handle, byteOffset, byteLength);
    if (bytes.length < byteLength) throw new Error(`${file} became shorter while it was read`);
    return widen(bytes, dtype);
  } finally {
    await handle.close();
  }
}

async function readHeaderLength(handle: FileHandle, file: string, size: number): Promise<number> {
  if (size < LENGTH_BYTES) throw invalid(file, `it has ${size} bytes, too few for a header`);
  const length = (await readExactly(handle, 0, LENGTH_BYTES)).readBigUInt64LE();
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES))) {
    throw invalid(file, `its header claims ${length} bytes, the file has ${size}`);
  }
  return Number(length);
}

function parseHeader(bytes: Buffer, file: string): Record<string, unknown> {
  try {
    return headerSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw invalid(file, 'its header is not JSON', error);
  }
}

function locate(name: string, entry: unknown, file: string, dataStart: number, size: number): TensorLocation {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) throw invalid(file, `the entry of tensor ${name} is malformed`);
  const { dtype, shape, data_offsets } = parsed.data;
  const [start, end] = data_offsets;
  const elementBytes = DTYPE_BYTES[dtype];
  if (elementBytes === undefined) throw invalid(file, `tensor ${name} has the unknown type ${dtype}`);
  const expected = shape.reduce((product, dimension) => product * dimension, elementBytes);
  if (end < start || end - start !== expected) {
    throw invalid(
      file,
      `tensor ${name} [${shape.join(', ')}] ${dtype} needs ${expected} bytes, its range has ${end - start}`,
    );
  }
  if (dataStart + end > size)
    throw invalid(file, `tensor ${name} ends at byte ${dataStart + end}, the file has ${size}`);
  return { name, file, dtype, shape, byteOffset: dataStart + start, byteLength: end - start };
}

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** The machine is little-endian, as the format is: there is no ONNX Runtime for another. */
function widen(buffer: Buffer, dtype: string): Float32Array<ArrayBuffer> {
  const { buffer: bytes } = new Uint8Array(buffer);
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes);
    case 'F16':
      return Float32Array.from(new Uint16Array(bytes), float16Value);
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer);
    default:
      throw new Error(`a tensor of type ${dtype} cannot be read as float32`);
  }
}

function invalid(file: string, problem: string, cause?: unknown): InputError {
  return new InputError(
    'MODEL_WEIGHTS_INVALID',
    `${file} is no usable .safetensors file: ${problem}. Download the model again.`,
    { details: { file }, cause },
  );
}
