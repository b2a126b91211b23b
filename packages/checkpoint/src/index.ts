export { appendProblem } from './append-problem.ts';
export * from './file-system.ts';
export {
  compareSettings,
  hashSettings,
  readManifest,
  writeManifest,
  type Manifest,
  type ManifestSettings,
  type SettingDifference,
} from './manifest.ts';
export { mergeShardLogs, type MergeOptions, type MergeResult } from './merge.ts';
export type { OutputFacts } from './output-file.ts';
export type { PackRejection, RejectionReason } from './rejection.ts';
export {
  nodeDirectoryName,
  nodePaths,
  rankOfNodeDirectory,
  runPaths,
  type RunPaths,
} from './run-directory.ts';
export type { RunLock } from './held-lock.ts';
export type { BeatTimes } from './lock-beat.ts';
export type { LockHolder } from './lock-holder.ts';
export { acquireRunLock, readRunLock, type LockOptions, type ObservedLock } from './run-lock.ts';
export {
  isShardLogComplete,
  shardLogPath,
  ShardLogWriter,
  type OpenedShardLog,
  type ShardLogStanding,
} from './shard-log.ts';
export type {
  PackEntry,
  RecordEntry,
  RecordOrigin,
  ShardLogHeader,
  ShardTotals,
} from './shard-log-records.ts';
export { rowBytesOf } from './shard-log-records.ts';
export { hashFile } from './hash-file.ts';
export { verifyRun, type Finding, type Verification } from './verify.ts';
