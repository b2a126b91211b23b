import { readFile } from 'node:fs/promises';

export interface NumpyArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Reads a C-ordered '<f4' .npy file, written independently of the product's writer. */
export async function readNumpy(path: string): Promise<NumpyArray> {
  const bytes = await readFile(path);
  if (bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw new Error(`${path} is no .npy file`);
  const headerLength = bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, 10 + headerLength);
  if (!header.includes("'descr': '<f4'") || !header.includes("'fortran_order': False"))
    throw new Error(header);
  const shape = [.../'shape': \(([^)]*)\)/.exec(header)![1]!.matchAll(/\d+/g)].map(([digits]) =>
    Number(digits),
  );
  const data = new Float32Array(Uint8Array.from(bytes.subarray(10 + headerLength)).buffer);
  return { shape, data };
}

export function row({ data, shape }: NumpyArray, index: number): Float32Array {
  const width = shape[1]!;
  return data.subarray(index * width, (index + 1) * width);
}

export function maxAbsoluteDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers against ${b.length}`);
  return a.reduce((worst, value, index) => Math.max(worst, Math.abs(value - b[index]!)), 0);
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  a.forEach((value, index) => {
    dot += value * b[index]!;
    aa += value * value;
    bb += b[index]! * b[index]!;
  });
  return dot / Math.sqrt(aa * bb);
}
