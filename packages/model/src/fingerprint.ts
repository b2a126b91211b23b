import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import * as z from 'zod';

import type { EsmModel } from './esm-model.ts';

const entrySchema = z.object({ key: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/**
 * Identity of a model: sha256 over the fields of its configuration that matter and the content of its weight files.
 * The hash of a file is kept in the cache folder under its path, size, time and inode, so that tens of gigabytes are
 * read once.
 *
 * @param onHash told of each file that has to be read
 */
export async function fingerprintModel(
  model: EsmModel,
  cacheDirectory: string,
  onHash: (file: string) => void = () => undefined,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(Object.entries(model.config).sort()));
  for (const file of model.weights.files) hash.update(await contentHash(file, cacheDirectory, onHash));
  return hash.digest('hex');
}

async function contentHash(
  file: string,
  cacheDirectory: string,
  onHash: (file: string) => void,
): Promise<string> {
  const real = await realpath(file);
  const { size, mtimeNs, ino, dev } = await stat(real, { bigint: true });
  const key = [real, size, mtimeNs, ino, dev].join(' ');
  const directory = join(cacheDirectory, 'fingerprints');
  const path = join(directory, `${createHash('sha256').update(real).digest('hex').slice(0, 32)}.json`);
  const known = await readEntry(path);
  if (known?.key === key) return known.sha256;
  onHash(file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(real, { highWaterMark: 1 << 20 }), hash);
  const sha256 = hash.digest('hex');
  await mkdir(directory, { recursive: true });
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, JSON.stringify({ key, sha256 }));
  await rename(temporary, path);
  return sha256;
}

async function readEntry(path: string): Promise<z.infer<typeof entrySchema> | null> {
  try {
    return entrySchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}
