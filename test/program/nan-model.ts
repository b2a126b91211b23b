import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createEsmTokenizer } from '@virnucpro/model';

interface Entry {
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** A copy of a float32 model in which the embedding of one residue is NaN. */
export async function modelWithNan(source: string, target: string, residue: string): Promise<void> {
  const bytes = await readFile(join(source, 'model.safetensors'));
  const headerBytes = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Record<string, Entry>;
  const [, entry] = Object.entries(header).find(([name]) => name.endsWith('word_embeddings.weight'))!;
  const width = entry.shape[1]!;
  const token = createEsmTokenizer().tokenOf[residue.charCodeAt(0)]!;
  const row = 8 + headerBytes + entry.data_offsets[0] + 4 * width * token;
  for (let column = 0; column < width; column += 1) bytes.writeFloatLE(NaN, row + 4 * column);
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'model.safetensors'), bytes);
  await copyFile(join(source, 'config.json'), join(target, 'config.json'));
}
