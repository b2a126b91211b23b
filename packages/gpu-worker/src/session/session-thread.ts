import { workerData } from 'node:worker_threads';

import { createOnnxSession } from './onnx-session.ts';
import { serveSession } from './serve-session.ts';
import type { SessionThreadData } from './session-messages.ts';

/** The entry of the session thread in production. */
await serveSession(workerData as SessionThreadData, createOnnxSession);
