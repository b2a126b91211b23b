import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type NarrowType = 'F16' | 'BF16';

interface Entry {
  dtype: string;
  readonly shape: readonly number[];
  data_offsets: [number, number];
}

/** Writes a float32 model again with 16-bit weights: BF16 by cutting bits off, F16 by rounding down. */
export async function narrowModel(source: string, target: string, type: NarrowType): Promise<void> {
  const bytes = await readFile(join(source, 'model.safetensors'));
  const headerBytes = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Record<string, Entry>;
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [start, end] = entry.data_offsets;
    const data = bytes.subarray(8 + headerBytes + start, 8 + headerBytes + end);
    const narrow = entry.dtype === 'F32' && !name.endsWith('inv_freq');
    const part = narrow ? narrowed(data, type) : data;
    if (narrow) entry.dtype = type;
    entry.data_offsets = [offset, offset + part.length];
    offset += part.length;
    parts.push(part);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'model.safetensors'), Buffer.concat([length, json, ...parts]));
  await writeFile(join(target, 'config.json'), await readFile(join(source, 'config.json')));
}

function narrowed(data: Buffer, type: NarrowType): Buffer {
  const out = Buffer.alloc(data.length / 2);
  for (let index = 0; index < data.length / 4; index += 1) {
    const bits = data.readUInt32LE(4 * index);
    out.writeUInt16LE(type === 'BF16' ? bits >>> 16 : float16Bits(bits), 2 * index);
  }
  return out;
}

function float16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  const fraction = (bits >>> 13) & 0x3ff;
  return exponent <= 0 ? sign : sign | (exponent << 10) | fraction;
}
