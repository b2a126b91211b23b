export { startWorkerProcess } from './worker/worker-process.ts';
export type { WorkerSeams } from './worker/worker.ts';
export { serveSession } from './session/serve-session.ts';
export { createOnnxSession } from './session/onnx-session.ts';
export type {
  CreateInferenceSession,
  InferenceSession,
  SessionInput,
  SessionOptions,
} from './session/inference-session.ts';
export type { SessionThreadData } from './session/session-messages.ts';
export { VarlenCollator } from './collate/varlen-collator.ts';
export type { PackedBatch } from './collate/packed-batch.ts';
