export {
  DEMO_MODEL_NAME,
  DEMO_MODEL_NOTICE,
  ensureDemoModel,
  writeRandomModel,
  type EsmShape,
} from './demo-model.ts';
export { describeModel, type ModelDescription } from './describe-model.ts';
export type { EsmConfig } from './esm-config.ts';
export { buildEsmGraph, GRAPH_VERSION, loweringFor, type EsmGraphOptions } from './esm-graph.ts';
export { loadEsmModel, type EsmModel } from './esm-model.ts';
export type { EsmWeights } from './esm-weights.ts';
export {
  buildModelInto,
  defaultCacheDirectory,
  prepareModel,
  type GraphOptions,
  type GraphPaths,
  type PreparedModel,
  type PrepareModelOptions,
} from './model-store.ts';
export { packTables, POOL_CHUNK_TOKENS, type PackTables } from './pack-tables.ts';
export { createEsmTokenizer, NOT_A_RESIDUE, readVocabulary, type ResidueTokenizer } from './tokenizer.ts';
