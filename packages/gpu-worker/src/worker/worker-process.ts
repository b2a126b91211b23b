import {
  isVirnucproError,
  serializeError,
  storageFailure,
  WORKER_EXIT_CODES,
  type OrchestratorMessage,
} from '@virnucpro/protocol';

import { openParentChannel, type ParentChannel } from './parent-channel.ts';
import { Worker, type WorkerSeams } from './worker.ts';

type InitMessage = Extract<OrchestratorMessage, { type: 'init' }>;

/**
 * Turns this process into a worker: waits for init, works until drained, exits.
 * It never outlives its parent: when the channel closes, nothing it computes has a reader, and a process that
 * lingers keeps a device.
 */
export function startWorkerProcess(seams: WorkerSeams = {}): void {
  const channel = openParentChannel();
  const early: OrchestratorMessage[] = [];
  let worker: Worker | null = null;
  let starting = false;

  // A terminal sends its Ctrl+C, and Slurm its TERM, to the whole group; the parent drains.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    process.on(signal, () => undefined);
  }
  channel.onDisconnect(killSelf);
  const fail = (error: unknown) => void failWorker(error, channel, worker);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  async function start(init: InitMessage): Promise<void> {
    worker = await Worker.start(init, channel, seams);
    for (const message of early) worker.receive(message);
    await worker.finished;
    channel.close();
    process.exit(WORKER_EXIT_CODES.drained);
  }

  channel.onMessage((message) => {
    if (message.type === 'init' && !starting) {
      starting = true;
      start(message).catch(fail);
    } else if (worker === null) early.push(message);
    else worker.receive(message);
  }, fail);
}

/**
 * The only end that is immediate and clean while the session thread computes: any other waits for the pack and
 * then aborts inside onnxruntime-node (ADR 0001). What was appended to the logs survives in the page cache.
 */
function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}

async function failWorker(cause: unknown, channel: ParentChannel, worker: Worker | null): Promise<void> {
  const error = storageFailure(cause) ?? cause;
  if (worker === null) await channel.send({ type: 'fatal', error: serializeError(error) });
  else await worker.reportFatal(error);
  if (worker?.computing === true) killSelf();
  process.exit(exitCodeFor(error));
}

function exitCodeFor(error: unknown): number {
  const code = isVirnucproError(error) ? error.code : '';
  switch (code) {
    case 'INVALID_MESSAGE':
    case 'INIT_TWICE':
      return WORKER_EXIT_CODES.protocol;
    case 'SESSION_FAILED':
      return WORKER_EXIT_CODES.device;
    case 'STORAGE_FAILED':
      return WORKER_EXIT_CODES.io;
    case 'OUT_OF_MEMORY':
    case 'TOKEN_BUDGET_TOO_LARGE':
      return WORKER_EXIT_CODES.outOfMemory;
    default:
      return WORKER_EXIT_CODES.bug;
  }
}
