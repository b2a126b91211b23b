import { SHARD_CUTTER_VERSION } from '@virnucpro/fasta';
import type { PreparedModel } from '@virnucpro/model';
import { PACKER_VERSION } from '@virnucpro/packing';
import type { ExecutionProvider, PackingMode, TranslationSettings } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { translationSettings } from '../config/translation-settings.ts';
import { onnxRuntimeVersion } from '../devices/onnx-runtime.ts';

/**
 * Everything that decides the output's bytes, and nothing else: the number of workers and loader threads is not
 * among it. Kept in the manifest; a run is resumed only under the same.
 */
export interface ByteSettings {
  readonly model: string;
  readonly graphVersion: number;
  readonly onnxruntime: string;
  readonly device: ExecutionProvider;
  readonly weights: 'prepacked' | 'mapped';
  readonly precision: RunSettings['precision'];
  readonly pooling: RunSettings['pooling'];
  readonly dtype: RunSettings['dtype'];
  readonly packing: PackingMode;
  readonly packer: string;
  /** Equal residues in a shard are computed once; that changes the packs of inputs that have them. */
  readonly repeatedSequences: 'once';
  readonly tokenBudget: number;
  readonly shardCutter: string;
  readonly shardTokens: number;
  readonly maxResidues: number;
  readonly long: RunSettings['long'];
  readonly duplicateIds: RunSettings['duplicate-ids'];
  /** Only of runs that translate: the manifests of the others say nothing of it. */
  readonly chunkLength?: TranslationSettings['chunkLength'];
  readonly geneticCode?: number;
  readonly minResidues?: number;
  readonly orfs?: boolean;
}

/** Above this a worker maps the weights, shared with its neighbours, instead of packing a copy of its own. */
const PREPACKED_WEIGHT_BYTES = 1e9;
const PACKS_PER_SHARD = 64;

/**
 * @param device what all workers compute on, and the token budget that fits there
 */
export function byteSettings(
  settings: RunSettings,
  model: PreparedModel,
  { provider: device, tokenBudget }: { readonly provider: ExecutionProvider; readonly tokenBudget: number },
): ByteSettings {
  return {
    model: model.fingerprint,
    graphVersion: model.graphVersion,
    onnxruntime: onnxRuntimeVersion(),
    device,
    weights: areWeightsShared(model) ? 'mapped' : 'prepacked',
    precision: settings.precision,
    pooling: settings.pooling,
    dtype: settings.dtype,
    packing: settings.packing ? 'packed' : 'one-by-one',
    packer: PACKER_VERSION,
    repeatedSequences: 'once',
    tokenBudget,
    shardCutter: SHARD_CUTTER_VERSION,
    shardTokens: settings['shard-tokens'] ?? PACKS_PER_SHARD * tokenBudget,
    maxResidues: settings['max-residues'],
    long: settings.long,
    duplicateIds: settings['duplicate-ids'],
    ...translationSettings(settings),
  };
}

/** Workers map large weights, and so have them once together. */
export function areWeightsShared({ weightBytes }: Pick<PreparedModel, 'weightBytes'>): boolean {
  return weightBytes > PREPACKED_WEIGHT_BYTES;
}

/** How the records are translated; null when they are not. */
export function translationOf(settings: ByteSettings): TranslationSettings | null {
  const { chunkLength, geneticCode, minResidues, orfs } = settings;
  if (chunkLength === undefined || geneticCode === undefined) return null;
  if (minResidues === undefined || orfs === undefined) return null;
  return { chunkLength, geneticCode, minResidues, orfs };
}
