/** What a session thread is made of, without the worker around it: a thread that imports this starts sooner. */
export { serveSession } from './session/serve-session.ts';
export { createOnnxSession } from './session/onnx-session.ts';
export type { SessionInput } from './session/inference-session.ts';
