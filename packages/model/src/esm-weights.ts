import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { InputError } from '@virnucpro/protocol';
import * as z from 'zod';

import type { EsmConfig } from './esm-config.ts';
import { readSafetensors, type TensorLocation } from './safetensors.ts';

/** A matrix or vector with its bias. */
export interface LinearWeights {
  readonly weight: TensorLocation;
  readonly bias: TensorLocation;
  /** Of a matrix in int8: what each output is multiplied by. */
  readonly scale?: TensorLocation;
}

export interface EsmLayerWeights {
  readonly attentionNorm: LinearWeights;
  readonly query: LinearWeights;
  readonly key: LinearWeights;
  readonly value: LinearWeights;
  readonly attentionOutput: LinearWeights;
  readonly feedForwardNorm: LinearWeights;
  readonly intermediate: LinearWeights;
  readonly output: LinearWeights;
  /** Stored rotary frequencies, [headDim / 2]; null where the checkpoint has none. */
  readonly inverseFrequencies: TensorLocation | null;
}

/** The tensors that the graph uses; the heads for language modelling and contacts are not among them. */
export interface EsmWeights {
  readonly wordEmbeddings: TensorLocation;
  readonly embeddingNorm: LinearWeights | null;
  readonly layers: readonly EsmLayerWeights[];
  readonly finalNorm: LinearWeights;
  /** All weight files, in the order of their names. */
  readonly files: readonly string[];
  readonly unusedTensors: readonly string[];
}

/** The weights of all layers that are matrices, [out, in] each. */
export function matricesOf({ layers }: EsmWeights): TensorLocation[] {
  return layers.flatMap(({ query, key, value, attentionOutput, intermediate, output }) =>
    [query, key, value, attentionOutput, intermediate, output].map(({ weight }) => weight),
  );
}

/** Types that the graph can take; narrower ones are widened to float32. */
const FLOAT_DTYPES = new Set(['F32', 'F16', 'BF16']);

/** @throws {InputError} MODEL_WEIGHTS_MISSING, MODEL_WEIGHTS_INVALID */
export async function locateEsmWeights(directory: string, config: EsmConfig): Promise<EsmWeights> {
  const files = await weightFiles(directory);
  const tensors = new Map<string, TensorLocation>();
  for (const file of files) {
    for (const tensor of await readSafetensors(file)) {
      const name = tensor.name.replace(/^esm\./, '');
      if (tensors.has(name)) throw invalid(directory, `tensor ${name} is there twice`);
      tensors.set(name, tensor);
    }
  }
  return new WeightTable(directory, config, tensors).collect(files);
}

const indexSchema = z.object({
  weight_map: z.record(z.string(), z.string().regex(/^[^/\\]+\.safetensors$/)),
});

/** The sharded index when there is one, else the single file. */
async function weightFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  const index = 'model.safetensors.index.json';
  if (names.includes(index)) {
    const parsed = indexSchema.safeParse(parseJson(await readFile(join(directory, index), 'utf8')));
    if (!parsed.success) throw invalid(directory, `${index} is malformed`);
    const shards = [...new Set(Object.values(parsed.data.weight_map))].sort();
    const missing = shards.filter((name) => !names.includes(name));
    if (missing.length > 0)
      throw missingWeights(directory, `${index} names ${missing.join(', ')}, which is not there`);
    return shards.map((name) => join(directory, name));
  }
  if (names.includes('model.safetensors')) return [join(directory, 'model.safetensors')];
  const pickled = names.filter((name) => /\.(bin|pt|pth)$/.test(name));
  throw missingWeights(
    directory,
    pickled.length === 0
      ? 'there is no model.safetensors'
      : `there is only ${pickled.join(', ')}; pickled weights are not read, for safety. Convert them to safetensors`,
  );
}

class WeightTable {
  readonly #directory: string;
  readonly #config: EsmConfig;
  readonly #tensors: ReadonlyMap<string, TensorLocation>;
  readonly #used = new Set<string>();

  constructor(directory: string, config: EsmConfig, tensors: ReadonlyMap<string, TensorLocation>) {
    this.#directory = directory;
    this.#config = config;
    this.#tensors = tensors;
  }

  collect(files: readonly string[]): EsmWeights {
    const { vocab_size: vocabulary, hidden_size: width, num_hidden_layers: layers } = this.#config;
    const located = {
      wordEmbeddings: this.#tensor('embeddings.word_embeddings.weight', [vocabulary, width]),
      embeddingNorm: this.#config.emb_layer_norm_before ? this.#vector('embeddings.layer_norm', width) : null,
      layers: Array.from({ length: layers }, (_, layer) => this.#layer(`encoder.layer.${layer}`)),
      finalNorm: this.#vector('encoder.emb_layer_norm_after', width),
    };
    const unusedTensors = [...this.#tensors.keys()].filter((name) => !this.#used.has(name)).sort();
    return { ...located, files, unusedTensors };
  }

  #layer(prefix: string): EsmLayerWeights {
    const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads } = this.#config;
    const frequencies = `${prefix}.attention.self.rotary_embeddings.inv_freq`;
    return {
      attentionNorm: this.#vector(`${prefix}.attention.LayerNorm`, width),
      query: this.#matrix(`${prefix}.attention.self.query`, width, width),
      key: this.#matrix(`${prefix}.attention.self.key`, width, width),
      value: this.#matrix(`${prefix}.attention.self.value`, width, width),
      attentionOutput: this.#matrix(`${prefix}.attention.output.dense`, width, width),
      feedForwardNorm: this.#vector(`${prefix}.LayerNorm`, width),
      intermediate: this.#matrix(`${prefix}.intermediate.dense`, inner, width),
      output: this.#matrix(`${prefix}.output.dense`, width, inner),
      inverseFrequencies: this.#tensors.has(frequencies)
        ? this.#tensor(frequencies, [width / heads / 2])
        : null,
    };
  }

  /** HuggingFace stores matrices as [out, in]. */
  #matrix(name: string, outputs: number, inputs: number): LinearWeights {
    return {
      weight: this.#tensor(`${name}.weight`, [outputs, inputs]),
      bias: this.#tensor(`${name}.bias`, [outputs]),
    };
  }

  #vector(name: string, width: number): LinearWeights {
    return { weight: this.#tensor(`${name}.weight`, [width]), bias: this.#tensor(`${name}.bias`, [width]) };
  }

  #tensor(name: string, shape: readonly number[]): TensorLocation {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw missingWeights(this.#directory, `tensor ${name}, which config.json calls for, is not there`);
    }
    if (tensor.shape.join() !== shape.join()) {
      throw invalid(
        this.#directory,
        `tensor ${name} is [${tensor.shape.join(', ')}], config.json says [${shape.join(', ')}]`,
      );
    }
    if (!FLOAT_DTYPES.has(tensor.dtype))
      throw invalid(this.#directory, `tensor ${name} has type ${tensor.dtype}`);
    this.#used.add(name);
    return tensor;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function missingWeights(directory: string, problem: string): InputError {
  return new InputError(
    'MODEL_WEIGHTS_MISSING',
    `The model in ${directory} has no usable weights: ${problem}.`,
  );
}

function invalid(directory: string, problem: string): InputError {
  return new InputError('MODEL_WEIGHTS_INVALID', `The weights in ${directory} do not fit: ${problem}.`);
}
