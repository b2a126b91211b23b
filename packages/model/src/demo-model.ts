import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { encodeSafetensorsHeader } from './safetensors.ts';

/** What `--model` calls it. */
export const DEMO_MODEL_NAME = 'demo';

export const DEMO_MODEL_NOTICE =
  'This is the demo model: ESM-2-shaped, with random weights. Its embeddings mean nothing biologically. ' +
  'Use --model DIR for real ones.';

/** The shape of an ESM-2 model. */
export interface EsmShape {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
}

const DEMO_SHAPE: EsmShape = { hiddenSize: 128, intermediateSize: 512, layers: 4, heads: 8 };
const VOCABULARY_SIZE = 33;
const SEED = 20_261_121;
/** In the name of the folder: raised whenever the weights change. */
const VERSION = 1;

interface RandomTensor {
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
  await writeRandomModel(temporary, DEMO_SHAPE);
  try {
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process was faster, with the same result.
    if (!(await exists(join(directory, 'model.safetensors')))) throw error;
  }
  return directory;
}

/** Writes a model of this shape with seeded random weights, as a HuggingFace directory. */
export async function writeRandomModel(directory: string, shape: EsmShape): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'config.json'), `${JSON.stringify(configOf(shape), null, 2)}\n`);
  await writeFile(join(directory, 'model.safetensors'), encodeSafetensors(tensorsOf(shape)));
}

function configOf({ hiddenSize, intermediateSize, layers, heads }: EsmShape): object {
  return {
    model_type: 'esm',
    hidden_size: hiddenSize,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: intermediateSize,
    layer_norm_eps: 1e-5,
    vocab_size: VOCABULARY_SIZE,
    token_dropout: true,
    emb_layer_norm_before: false,
    hidden_act: 'gelu',
    position_embedding_type: 'rotary',
  };
}

function tensorsOf({ hiddenSize, intermediateSize, layers: count }: EsmShape): RandomTensor[] {
  const matrix = (name: string, outputs: number, inputs: number): RandomTensor[] => [
    { name: `${name}.weight`, shape: [outputs, inputs], mean: 0, deviation: inputs ** -0.5 },
    { name: `${name}.bias`, shape: [outputs], mean: 0, deviation: 0.02 },
  ];
  const norm = (name: string): RandomTensor[] => [
    { name: `${name}.weight`, shape: [hiddenSize], mean: 1, deviation: 0.05 },
    { name: `${name}.bias`, shape: [hiddenSize], mean: 0, deviation: 0.02 },
  ];
  const layers = Array.from({ length: count }, (_, layer) => `esm.encoder.layer.${layer}`).flatMap(
    (prefix) => [
      ...norm(`${prefix}.attention.LayerNorm`),
      ...['query', 'key', 'value'].flatMap((part) =>
        matrix(`${prefix}.attention.self.${part}`, hiddenSize, hiddenSize),
      ),
      ...matrix(`${prefix}.attention.output.dense`, hiddenSize, hiddenSize),
      ...norm(`${prefix}.LayerNorm`),
      ...matrix(`${prefix}.intermediate.dense`, intermediateSize, hiddenSize),
      ...matrix(`${prefix}.output.dense`, hiddenSize, intermediateSize),
    ],
  );
  return [
    {
      name: 'esm.embeddings.word_embeddings.weight',
      shape: [VOCABULARY_SIZE, hiddenSize],
      mean: 0,
      deviation: 1,
    },
    ...layers,
    ...norm('esm.encoder.emb_layer_norm_after'),
  ];
}

function encodeSafetensors(tensors: readonly RandomTensor[]): Buffer {
  const random = approximatelyNormal(SEED);
  const header = encodeSafetensorsHeader(
    tensors.map(({ name, shape }) => ({ name, shape, dtype: 'F32', elementBytes: 4 })),
  );
  const data = tensors.map(({ shape, mean, deviation }) => {
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    const bytes = Buffer.alloc(4 * count);
    for (let index = 0; index < count; index += 1) bytes.writeFloatLE(mean + deviation * random(), 4 * index);
    return bytes;
  });
  return Buffer.concat([header, ...data]);
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
