/** What runs inside a worker: shard logs, without manifest, merge and verify, so that workers start fast. */
export { appendProblem } from './append-problem.ts';
export { nodeFileSystem, type DurableFileSystem } from './durable-file-system.ts';
export type { PackRejection, RejectionReason } from './rejection.ts';
export { shardLogPath, ShardLogWriter } from './shard-log.ts';
export {
  rowBytesOf,
  type PackEntry,
  type RecordEntry,
  type RecordOrigin,
  type ShardLogHeader,
} from './shard-log-records.ts';
