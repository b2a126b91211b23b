import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Entry {
  readonly data_offsets: readonly [number, number];
}

export interface WeightChange {
  /** End of the tensor's name. */
  readonly tensor: string;
  /** Place of the number in the tensor, row by row. */
  readonly at: number;
  readonly value: number;
}

/** A copy of a float32 model with other numbers in some places. */
export async function changedModel(
  source: string,
  target: string,
  changes: readonly WeightChange[],
): Promise<void> {
  const bytes = await readFile(join(source, 'model.safetensors'));
  const headerBytes = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Record<string, Entry>;
  for (const { tensor, at, value } of changes) {
    const [, entry] = Object.entries(header).find(([name]) => name.endsWith(tensor))!;
    bytes.writeFloatLE(value, 8 + headerBytes + entry.data_offsets[0] + 4 * at);
  }
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'model.safetensors'), bytes);
  await copyFile(join(source, 'config.json'), join(target, 'config.json'));
}
