import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `--model` calls it. */
export const DEMO_MODEL_NAME = 'demo';

export const DEMO_MODEL_NOTICE =
  'This is the demo model: ESM-2-shaped, with random weights. Its embeddings mean nothing biologically. ' +
  'Use --model DIR for real ones.';

const WIDTH = 128;
const INNER = 512;
const LAYERS = 4;
const HEADS = 8;
const VOCABULARY_SIZE = 33;
const SEED = 20_261_121;
/** In the name of the folder: raised whenever the weights change. */
const VERSION = 1;

interface DemoTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Mean and standard deviation of its numbers. */
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Writes the demo model as a HuggingFace directory, once, in the cache folder. The same bytes on every machine.
 *
 * @returns its directory
 */
export async function ensureDemoModel(cacheDirectory: string): Promise<string> {
  const directory = join(cacheDirectory, `demo-model-${VERSION}`);
  if (await exists(join(directory, 'model.safetensors'))) return directory;
  const temporary = `${directory}.${randomUUID()}`;
  await mkdir(temporary, { recursive: true });
  await writeFile(join(temporary, 'config.json'), `${JSON.stringify(demoConfig(), null, 2)}\n`);
  await writeFile(join(temporary, 'model.safetensors'), encodeSafetensors(demoTensors()));
  try {
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process was faster, with the same result.
    if (!(await exists(join(directory, 'model.safetensors')))) throw error;
  }
  return directory;
}

function demoConfig(): object {
  return {
    model_type: 'esm',
    hidden_size: WIDTH,
    num_hidden_layers: LAYERS,
    num_attention_heads: HEADS,
    intermediate_size: INNER,
    layer_norm_eps: 1e-5,
    vocab_size: VOCABULARY_SIZE,
    token_dropout: true,
    emb_layer_norm_before: false,
    hidden_act: 'gelu',
    position_embedding_type: 'rotary',
  };
}

function demoTensors(): DemoTensor[] {
  const matrix = (name: string, outputs: number, inputs: number): DemoTensor[] => [
    { name: `${name}.weight`, shape: [outputs, inputs], mean: 0, deviation: inputs ** -0.5 },
    { name: `${name}.bias`, shape: [outputs], mean: 0, deviation: 0.02 },
  ];
  const norm = (name: string): DemoTensor[] => [
    { name: `${name}.weight`, shape: [WIDTH], mean: 1, deviation: 0.05 },
    { name: `${name}.bias`, shape: [WIDTH], mean: 0, deviation: 0.02 },
  ];
  const layers = Array.from({ length: LAYERS }, (_, layer) => `esm.encoder.layer.${layer}`).flatMap(
    (prefix) => [
      ...norm(`${prefix}.attention.LayerNorm`),
      ...['query', 'key', 'value'].flatMap((part) =>
        matrix(`${prefix}.attention.self.${part}`, WIDTH, WIDTH),
      ),
      ...matrix(`${prefix}.attention.output.dense`, WIDTH, WIDTH),
      ...norm(`${prefix}.LayerNorm`),
      ...matrix(`${prefix}.intermediate.dense`, INNER, WIDTH),
      ...matrix(`${prefix}.output.dense`, WIDTH, INNER),
    ],
  );
  return [
    { name: 'esm.embeddings.word_embeddings.weight', shape: [VOCABULARY_SIZE, WIDTH], mean: 0, deviation: 1 },
    ...layers,
    ...norm('esm.encoder.emb_layer_norm_after'),
  ];
}

function encodeSafetensors(tensors: readonly DemoTensor[]): Buffer {
  const random = approximatelyNormal(SEED);
  const header: Record<string, object> = {};
  const parts: Buffer[] = [];
  let offset = 0;
  for (const { name, shape, mean, deviation } of tensors) {
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    const bytes = Buffer.alloc(4 * count);
    for (let index = 0; index < count; index += 1) bytes.writeFloatLE(mean + deviation * random(), 4 * index);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}

/**
 * Mean 0, deviation 1: the sum of four uniform numbers (Irwin-Hall), scaled. Only exact arithmetic, so that every
 * machine draws the same. The uniform generator is mulberry32 (Tommy Ettinger, public domain).
 */
function approximatelyNormal(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
