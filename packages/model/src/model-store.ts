import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, link, mkdir, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';

import type { EmbeddingDtype, ExecutionProvider, Pooling, Precision } from '@virnucpro/protocol';

import { DEMO_MODEL_NAME, ensureDemoModel } from './demo-model.ts';
import { inCacheFolder } from './cache-folder.ts';
import { buildEsmGraph, GRAPH_VERSION, loweringFor, providersOf } from './esm-graph.ts';
import { loadEsmModel, type EsmModel } from './esm-model.ts';
import { fingerprintModel } from './fingerprint.ts';
import { halveWeights } from './half-weights.ts';
import { quantizeWeights } from './int8-weights.ts';

/** The graph file of each execution provider; in int8 there is none for CUDA (see `providersOf`). */
export type GraphPaths = Readonly<Record<ExecutionProvider, string>>;

/** A model whose graph is on disk, ready to be opened by a session. */
export interface PreparedModel {
  readonly name: string;
  /** Random weights: the numbers mean nothing biologically. */
  readonly isDemo: boolean;
  /** The graph that each execution provider gets; over the same weights. */
  readonly graphPaths: GraphPaths;
  readonly precision: Precision;
  /** In fp32, for rows that are not finite in a narrower precision; null where fp32 is the precision. */
  readonly fallbackGraphPaths: GraphPaths | null;
  /** Null: the vocabulary of ESM-2. */
  readonly vocabularyPath: string | null;
  /** sha256 over configuration and weights. */
  readonly fingerprint: string;
  readonly graphVersion: number;
  readonly embeddingDim: number;
  readonly layers: number;
  readonly heads: number;
  readonly parameterCount: number;
  /** In float32. */
  readonly weightBytes: number;
}

export interface GraphOptions {
  readonly precision: Precision;
  readonly pooling: Pooling;
  readonly outputDtype: EmbeddingDtype;
  /** Residues of the longest sequence. */
  readonly maxResidues: number;
}

export interface PrepareModelOptions extends GraphOptions {
  /** A HuggingFace directory, or "demo". */
  readonly model: string;
  readonly cacheDirectory: string;
  readonly onProgress?: (message: string) => void;
}

const GRAPH_FILES: Readonly<Record<ExecutionProvider, string>> = {
  cuda: 'model-cuda.onnx',
  cpu: 'model.onnx',
};
/** Written last: its presence says that the folder is whole. */
const LAST_FILE = GRAPH_FILES.cpu;
const SPECIAL_TOKENS = 2;

/** Where graphs, the demo model and fingerprints are kept between runs. */
export function defaultCacheDirectory(environment: NodeJS.ProcessEnv): string {
  const own = environment['VIRNUCPRO_CACHE_DIR'];
  if (own !== undefined && own !== '') return resolve(own);
  const shared = environment['XDG_CACHE_HOME'];
  return join(
    shared === undefined || shared === '' ? join(homedir(), '.cache') : shared,
    'virnucpro-orchestrate',
  );
}

/**
 * Makes the graph of a model, once, in the cache folder; later calls find it. Safe for several processes at once.
 *
 * @throws {InputError} MODEL_NOT_FOUND, MODEL_CONFIG_INVALID, MODEL_WEIGHTS_MISSING, MODEL_WEIGHTS_INVALID, CACHE_UNWRITABLE
 */
export function prepareModel(options: PrepareModelOptions): Promise<PreparedModel> {
  return inCacheFolder(options.cacheDirectory, () => prepareInCache(options));
}

async function prepareInCache(options: PrepareModelOptions): Promise<PreparedModel> {
  const { cacheDirectory, onProgress } = options;
  const isDemo = options.model === DEMO_MODEL_NAME;
  const directory = isDemo ? await ensureDemoModel(cacheDirectory) : resolve(options.model);
  const model = await loadEsmModel(directory);
  const fingerprint = await fingerprintModel(model, cacheDirectory, (file) =>
    onProgress?.(`reading ${file} once, to know it again`),
  );
  const graphPaths = await prepareGraphs(model, fingerprint, options);
  const fallbackGraphPaths =
    options.precision === 'fp32'
      ? null
      : await prepareGraphs(model, fingerprint, { ...options, precision: 'fp32' });
  return describe(model, isDemo, fingerprint, {
    graphPaths,
    fallbackGraphPaths,
    precision: options.precision,
  });
}

async function prepareGraphs(
  model: EsmModel,
  fingerprint: string,
  options: PrepareModelOptions,
): Promise<GraphPaths> {
  const { precision, pooling, outputDtype, maxResidues, cacheDirectory, onProgress } = options;
  const variant = [
    fingerprint.slice(0, 24),
    `g${GRAPH_VERSION}`,
    precision,
    pooling,
    outputDtype,
    maxResidues,
  ];
  const graphDirectory = join(cacheDirectory, 'graphs', variant.join('-'));
  if (!(await exists(join(graphDirectory, LAST_FILE)))) {
    onProgress?.(`building the ${precision} graph of ${options.model}`);
    await buildAside(await inPrecision(model, fingerprint, options), options, graphDirectory);
  }
  return graphPathsIn(graphDirectory);
}

/** The model with weights of the type that the graph keeps them in. */
async function inPrecision(
  model: EsmModel,
  fingerprint: string,
  {
    precision,
    cacheDirectory,
    onProgress,
  }: Pick<PrepareModelOptions, 'precision' | 'cacheDirectory' | 'onProgress'>,
): Promise<EsmModel> {
  const converted = {
    ...{ directory: model.directory, fingerprint, cacheDirectory },
    onProgress: (message: string) => onProgress?.(message),
  };
  switch (precision) {
    case 'fp32':
      return model;
    case 'fp16':
      return halveWeights(model, converted);
    case 'int8':
      return quantizeWeights(model, converted);
    default:
      return precision satisfies never;
  }
}

function graphPathsIn(directory: string): GraphPaths {
  return { cpu: join(directory, GRAPH_FILES.cpu), cuda: join(directory, GRAPH_FILES.cuda) };
}

/** For `model build`: the graph and its weights in a folder of the user's choice. */
export async function buildModelInto(
  options: GraphOptions & {
    readonly directory: string;
    readonly outDirectory: string;
    readonly cacheDirectory: string;
  },
): Promise<PreparedModel> {
  const model = await loadEsmModel(resolve(options.directory));
  const { fingerprint, converted } = await inCacheFolder(options.cacheDirectory, async () => {
    const found = await fingerprintModel(model, options.cacheDirectory);
    return { fingerprint: found, converted: await inPrecision(model, found, options) };
  });
  await mkdir(options.outDirectory, { recursive: true });
  await writeGraph(converted, options, options.outDirectory);
  return describe(model, false, fingerprint, {
    graphPaths: graphPathsIn(options.outDirectory),
    fallbackGraphPaths: null,
    precision: options.precision,
  });
}

/** Builds in a folder beside and renames it: a half-made one is never seen. */
async function buildAside(model: EsmModel, options: GraphOptions, graphDirectory: string): Promise<void> {
  const temporary = `${graphDirectory}.${randomUUID()}`;
  await mkdir(temporary, { recursive: true });
  try {
    await writeGraph(model, options, temporary);
    await rename(temporary, graphDirectory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process was faster, with the same result.
    if (!(await exists(join(graphDirectory, LAST_FILE)))) throw error;
  }
}

async function writeGraph(model: EsmModel, options: GraphOptions, directory: string): Promise<void> {
  const names = new Map(model.weights.files.map((file, index) => [file, `weights-${index}.safetensors`]));
  for (const [file, name] of names) await placeWeights(file, join(directory, name));
  // One that was there before would read what are other weights now.
  for (const name of Object.values(GRAPH_FILES)) await rm(join(directory, name), { force: true });
  for (const provider of providersOf(options.precision)) {
    const graph = await buildEsmGraph(model, {
      pooling: options.pooling,
      outputDtype: options.outputDtype,
      ...loweringFor(provider, options.precision),
      maxPositions: options.maxResidues + SPECIAL_TOKENS,
      fileNameOf: (file) => names.get(file) ?? basename(file),
    });
    const path = join(directory, GRAPH_FILES[provider]);
    await writeFile(`${path}.part`, graph);
    await rename(`${path}.part`, path);
  }
}

/**
 * ONNX Runtime reads weights only from the graph's own folder, and follows no link out of it; a HuggingFace cache is
 * made of such links. A hard link to the real file costs nothing; across file systems it has to be a copy.
 */
async function placeWeights(file: string, target: string): Promise<void> {
  const real = await realpath(file);
  await rm(target, { force: true });
  try {
    await link(real, target);
  } catch {
    await copyFile(real, target, constants.COPYFILE_FICLONE);
  }
}

async function describe(
  model: EsmModel,
  isDemo: boolean,
  fingerprint: string,
  graphs: Pick<PreparedModel, 'graphPaths' | 'fallbackGraphPaths' | 'precision'>,
): Promise<PreparedModel> {
  const { directory, embeddingDim, layers, heads, parameterCount, weightBytes } = model;
  const hasVocabulary = (await readdir(directory)).includes('vocab.txt');
  return {
    name: isDemo ? DEMO_MODEL_NAME : basename(directory),
    isDemo,
    ...graphs,
    vocabularyPath: hasVocabulary ? join(directory, 'vocab.txt') : null,
    fingerprint,
    graphVersion: GRAPH_VERSION,
    embeddingDim,
    layers,
    heads,
    parameterCount,
    weightBytes,
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
