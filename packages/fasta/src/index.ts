export * from './input.ts';
export {
  classifyRecord,
  judgeRecord,
  type RecordClass,
  type RecordStatus,
  type RecordVerdict,
} from './record-class.ts';
export { forEachRecord, type FastaRecord } from './records.ts';
export { scanFasta, type ExpectedOfRecord, type ScanOptions } from './scan.ts';
export type { FileSummary, FirstInvalid, ScanSummary } from './scan-summary.ts';
export { guessSequenceType, type SequenceType, type SequenceTypeGuess } from './sequence-type.ts';
export { readShardBytes } from './shard-bytes.ts';
export { SHARD_CUTTER_VERSION } from './shard-cutter.ts';
export type { ShardPolicy } from './shard-cutter.ts';
export { compareWithSpool, spoolInputs, type PlainFile, type SpoolProgress } from './spool.ts';
