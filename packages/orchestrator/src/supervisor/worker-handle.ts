import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import {
  parseWorkerMessage,
  type DeviceSpec,
  type OrchestratorMessage,
  type Rank,
  type WorkerMessage,
} from '@virnucpro/protocol';

/**
 *   starting --ready--> ready --drain--> draining --exit--> ended
 *      |                  |                               ^
 *      +------------------+------------- exit, kill ------+
 */
export type WorkerState = 'starting' | 'ready' | 'draining' | 'ended';

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The state in which it ended. */
  readonly state: WorkerState;
}

export interface WorkerHandleEvents {
  readonly onMessage: (message: WorkerMessage) => void;
  /** A message that does not fit the protocol. */
  readonly onInvalid: (error: unknown) => void;
  /** What the child printed, most often a native library's last words. */
  readonly onOutput: (line: string) => void;
  /** The process is gone and was waited for: only now may its shards go to others. */
  readonly onExit: (exit: WorkerExit) => void;
}

/** One forked worker process, from fork to exit. */
export class WorkerHandle {
  readonly rank: Rank;
  readonly #child: ChildProcess;
  #state: WorkerState = 'starting';

  constructor(rank: Rank, entry: URL, device: DeviceSpec, events: WorkerHandleEvents) {
    this.rank = rank;
    this.#child = fork(fileURLToPath(entry), [], {
      execArgv: [],
      env: workerEnvironment(device, process.env),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#listen(events);
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Undefined when the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: OrchestratorMessage): void {
    // A failed send means that the child is going: its exit says so, with code and signal.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  markReady(): void {
    if (this.#state === 'starting') this.#state = 'ready';
  }

  drain(): void {
    if (this.#state === 'ended' || this.#state === 'draining') return;
    this.#state = 'draining';
    this.send({ type: 'drain' });
  }

  /** Only SIGKILL ends a process at once that is inside a pack (ADR 0001). */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #listen(events: WorkerHandleEvents): void {
    const child = this.#child;
    child.on('message', (raw) => {
      try {
        events.onMessage(parseWorkerMessage(raw, `worker ${this.rank}`));
      } catch (error) {
        events.onInvalid(error);
      }
    });
    child.once('error', (error) => {
      if (child.pid !== undefined) return;
      events.onOutput(`could not be started: ${error.message}`);
      this.#end({ code: null, signal: null }, events);
    });
    // 'close' comes after the last output and the last message; 'exit' may come before them.
    child.once('close', (code, signal) => this.#end({ code, signal }, events));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', events.onOutput);
    }
  }

  #end(exit: Pick<WorkerExit, 'code' | 'signal'>, events: WorkerHandleEvents): void {
    if (this.#state === 'ended') return;
    const state = this.#state;
    this.#state = 'ended';
    events.onExit({ ...exit, state });
  }
}

/** One device per process: the child sees no other. */
export function workerEnvironment(device: DeviceSpec, parent: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...parent,
    CUDA_VISIBLE_DEVICES: device.visibleDevices,
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    // ONNX Runtime's CUDA provider computes float32 products in TF32, with 10 bits, unless the libraries forbid it.
    NVIDIA_TF32_OVERRIDE: '0',
    // ONNX Runtime would keep a device id in the home folder and report to its vendor.
    ORT_DISABLE_TELEMETRY: '1',
  };
}
