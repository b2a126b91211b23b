import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { describeModel } from './describe-model.ts';
import { loadEsmModel } from './esm-model.ts';

const TINY = resolve('test/fixtures/esm/tiny');
let directory = '';
let model = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-weights-'));
  model = join(directory, 'model');
  await cp(TINY, model, { recursive: true });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** Rewrites model.safetensors with another header and, if given, other data. */
async function changeWeights(change: (header: Header, data: Buffer) => Buffer | undefined): Promise<void> {
  const path = join(model, 'model.safetensors');
  const bytes = await readFile(path);
  const headerBytes = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Header;
  const data = bytes.subarray(8 + headerBytes);
  await writeFile(path, encode(header, change(header, data) ?? data));
}

function encode(header: Header, data: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

const QUERY = 'esm.encoder.layer.1.attention.self.query.weight';

describe('loadEsmModel', () => {
  test('finds all that the graph needs and names what it leaves alone', async () => {
    const { layers, heads, embeddingDim, weights, parameterCount } = await loadEsmModel(TINY);
    expect({ layers, heads, embeddingDim }).toEqual({ layers: 3, heads: 4, embeddingDim: 64 });
    expect(weights.unusedTensors).toContain('embeddings.position_ids');
    expect(parameterCount).toBe(33 * 64 + 3 * (4 * 64 * 65 + 64 * 256 * 2 + 256 + 64 + 4 * 64) + 2 * 64);
  });

  test('takes a sharded checkpoint, and names without the esm. prefix', async () => {
    const path = join(model, 'model.safetensors');
    await changeWeights((header) => {
      for (const name of Object.keys(header)) {
        if (!name.startsWith('esm.')) continue;
        header[name.slice(4)] = header[name]!;
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- renaming keys of a parsed file
        delete header[name];
      }
      return undefined;
    });
    await writeFile(join(model, 'a.safetensors'), await readFile(path));
    await rm(path);
    await writeFile(
      join(model, 'model.safetensors.index.json'),
      JSON.stringify({ weight_map: { x: 'a.safetensors' } }),
    );
    expect((await describeModel(model, directory)).weightFiles).toEqual(['a.safetensors']);
  });

  test.each<[string, (header: Header, data: Buffer) => Buffer | undefined, RegExp]>([
    [
      'an offset beyond the file',
      (header, data) => ((header[QUERY]!.data_offsets = [data.length, data.length + 16384]), undefined),
      /ends at byte/,
    ],
    [
      'a range that does not fit the shape',
      (header) => ((header[QUERY]!.shape = [64, 63]), undefined),
      /needs 16128 bytes/,
    ],
    [
      'a shape that does not fit the configuration',
      (header) => ((header[QUERY]!.shape = [32, 128]), undefined),
      /config.json says \[64, 64\]/,
    ],
    ['an unknown type', (header) => ((header[QUERY]!.dtype = 'F7'), undefined), /unknown type F7/],
    ['data cut short', (_, data) => data.subarray(0, data.length - 100), /ends at byte/],
    [
      'a missing tensor',
      (header) => (Reflect.deleteProperty(header, QUERY), undefined),
      /query\.weight.*not there/,
    ],
  ])('refuses weights with %s', async (_, change, says) => {
    await changeWeights(change);
    await expect(loadEsmModel(model)).rejects.toThrow(says);
    await expect(loadEsmModel(model)).rejects.toMatchObject({ exitCode: 2 });
  });

  test('refuses a header that claims more than the file has, and one that is no JSON', async () => {
    const path = join(model, 'model.safetensors');
    const bytes = await readFile(path);
    bytes.writeBigUInt64LE(2n ** 62n);
    await writeFile(path, bytes);
    await expect(loadEsmModel(model)).rejects.toThrow(/header claims/);
    await writeFile(path, Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('oops')]));
    await expect(loadEsmModel(model)).rejects.toThrow(/not JSON/);
    await writeFile(path, 'x');
    await expect(loadEsmModel(model)).rejects.toThrow(/too few/);
  });

  test.each([
    [{ model_type: 'bert' }, /only ESM-2 models/],
    [{ position_embedding_type: 'absolute' }, /rotary/],
    [{ num_attention_heads: 5 }, /cannot be split into 5 heads/],
    [{ hidden_size: 0 }, /hidden_size/],
  ])('refuses a configuration with %j', async (change, says) => {
    const path = join(model, 'config.json');
    const config = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...config, ...change }));
    await expect(loadEsmModel(model)).rejects.toThrow(says);
  });

  test('reads no pickled weights and says what to do', async () => {
    await rm(join(model, 'model.safetensors'));
    await writeFile(join(model, 'pytorch_model.bin'), '');
    await expect(loadEsmModel(model)).rejects.toThrow(/pytorch_model\.bin.*Convert them to safetensors/);
  });
});
