import { basename } from 'node:path';

import { loadEsmModel, usedTensors } from './esm-model.ts';
import { fingerprintModel } from './fingerprint.ts';

/** What `model info` shows. */
export interface ModelDescription {
  readonly directory: string;
  readonly layers: number;
  readonly heads: number;
  readonly embeddingDim: number;
  readonly intermediateSize: number;
  readonly parameters: number;
  readonly weightTypes: readonly string[];
  readonly weightFiles: readonly string[];
  readonly weightBytesFloat32: number;
  readonly tokenDropout: boolean;
  readonly storedRotaryFrequencies: boolean;
  readonly unusedTensors: readonly string[];
  readonly fingerprint: string;
}

/** @throws {InputError} as loadEsmModel */
export async function describeModel(directory: string, cacheDirectory: string): Promise<ModelDescription> {
  const model = await loadEsmModel(directory);
  const { weights, config } = model;
  return {
    directory,
    layers: model.layers,
    heads: model.heads,
    embeddingDim: model.embeddingDim,
    intermediateSize: config.intermediate_size,
    parameters: model.parameterCount,
    weightTypes: [...new Set(usedTensors(weights).map(({ dtype }) => dtype))],
    weightFiles: weights.files.map((file) => basename(file)),
    weightBytesFloat32: model.weightBytes,
    tokenDropout: config.token_dropout,
    storedRotaryFrequencies: weights.layers.every(({ inverseFrequencies }) => inverseFrequencies !== null),
    unusedTensors: weights.unusedTensors,
    fingerprint: await fingerprintModel(model, cacheDirectory),
  };
}
