export { startWorkerProcess } from './worker/worker-process.ts';
export type { WorkerSeams } from './worker/worker.ts';
export * from './session.ts';
export type {
  CreateInferenceSession,
  InferenceSession,
  SessionOptions,
} from './session/inference-session.ts';
export type { SessionThreadData } from './session/session-messages.ts';
export { VarlenCollator } from './collate/varlen-collator.ts';
export type { PackedBatch } from './collate/packed-batch.ts';
