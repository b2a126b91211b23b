import { readEsmConfig, type EsmConfig } from './esm-config.ts';
import { locateEsmWeights, type EsmLayerWeights, type EsmWeights } from './esm-weights.ts';
import type { TensorLocation } from './safetensors.ts';

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

function elements(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
