import { readEsmConfig, type EsmConfig } from './esm-config.ts';
import {
  locateEsmWeights,
  type EsmLayerWeights,
  type EsmWeights,
  type LinearWeights,
} from './esm-weights.ts';
import { scaleName, type TensorLocation } from './safetensors.ts';

/** An ESM-2 model in its HuggingFace directory: described and located, not loaded. */
export interface EsmModel {
  readonly directory: string;
  readonly config: EsmConfig;
  readonly weights: EsmWeights;
  /** Width D of an embedding. */
  readonly embeddingDim: number;
  readonly layers: number;
  readonly heads: number;
  /** Parameters that the graph uses. */
  readonly parameterCount: number;
  /** Memory of those parameters in float32. */
  readonly weightBytes: number;
}

/** @throws {InputError} MODEL_NOT_FOUND, MODEL_CONFIG_INVALID, MODEL_WEIGHTS_MISSING, MODEL_WEIGHTS_INVALID */
export async function loadEsmModel(directory: string): Promise<EsmModel> {
  const config = await readEsmConfig(directory);
  const weights = await locateEsmWeights(directory, config);
  const parameterCount = usedTensors(weights).reduce((sum, { shape }) => sum + elements(shape), 0);
  return {
    directory,
    config,
    weights,
    embeddingDim: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    parameterCount,
    weightBytes: 4 * parameterCount,
  };
}

const LINEAR_PARTS = [
  'attentionNorm',
  'query',
  'key',
  'value',
  'attentionOutput',
  'feedForwardNorm',
  'intermediate',
  'output',
] as const satisfies readonly (keyof EsmLayerWeights)[];

/** Every tensor that becomes an initializer of the graph. */
export function usedTensors({
  wordEmbeddings,
  embeddingNorm,
  layers,
  finalNorm,
}: EsmWeights): TensorLocation[] {
  const linears = layers.flatMap((layer) => LINEAR_PARTS.map((part) => layer[part]));
  const norms = embeddingNorm === null ? [finalNorm] : [embeddingNorm, finalNorm];
  return [wordEmbeddings, ...[...norms, ...linears].flatMap(({ weight, bias }) => [weight, bias])];
}

/**
 * The same weights elsewhere: every tensor that becomes an initializer lies where `located` says, by name; scales come with
 * those that have them.
 * Rotary frequencies stay: they are read when the graph is built, in full precision.
 */
export function relocated(
  weights: EsmWeights,
  located: ReadonlyMap<string, TensorLocation>,
  file: string,
): EsmWeights {
  const move = (tensor: TensorLocation): TensorLocation => {
    const found = located.get(tensor.name);
    if (found === undefined) throw new Error(`${file} lacks tensor ${tensor.name}`);
    return found;
  };
  const moveBoth = ({ weight, bias }: LinearWeights): LinearWeights => {
    const scale = located.get(scaleName(weight.name));
    return { weight: move(weight), bias: move(bias), ...(scale === undefined ? {} : { scale }) };
  };
  return {
    ...weights,
    wordEmbeddings: move(weights.wordEmbeddings),
    embeddingNorm: weights.embeddingNorm === null ? null : moveBoth(weights.embeddingNorm),
    layers: weights.layers.map((layer) => ({
      attentionNorm: moveBoth(layer.attentionNorm),
      query: moveBoth(layer.query),
      key: moveBoth(layer.key),
      value: moveBoth(layer.value),
      attentionOutput: moveBoth(layer.attentionOutput),
      feedForwardNorm: moveBoth(layer.feedForwardNorm),
      intermediate: moveBoth(layer.intermediate),
      output: moveBoth(layer.output),
      inverseFrequencies: layer.inverseFrequencies,
    })),
    finalNorm: moveBoth(weights.finalNorm),
    files: [file],
  };
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
