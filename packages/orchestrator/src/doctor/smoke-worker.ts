import {
  deserializeError,
  toLeaseId,
  toRank,
  type DeviceSpec,
  type OrchestratorMessage,
  type Shard,
  type VirnucproError,
  type WorkerMessage,
} from '@virnucpro/protocol';

import { WorkerHandle, type WorkerExit } from '../supervisor/worker-handle.ts';

export interface SmokeWorker {
  readonly device: DeviceSpec;
  readonly workerEntry: URL;
  readonly init: OrchestratorMessage;
  readonly shard: Shard;
  readonly limitMs: number;
}

export type SmokeEnd =
  | { readonly kind: 'computed'; readonly deviceName: string; readonly startupMs: number }
  /** A row that is no number. */
  | { readonly kind: 'rejected' }
  /** The worker said why it cannot. */
  | { readonly kind: 'refused'; readonly error: VirnucproError }
  | { readonly kind: 'died'; readonly how: string; readonly output: readonly string[] }
  | { readonly kind: 'late'; readonly limitMs: number };

const RANK = toRank(0);
const LAST_LINES = 3;

/** Lets a worker compute one shard and waits until its process is gone. */
export function watchWorker(worker: SmokeWorker): Promise<SmokeEnd> {
  return new Promise((resolve) => new SmokeWatch(worker, resolve));
}

class SmokeWatch {
  readonly #handle: WorkerHandle;
  readonly #shard: Shard;
  readonly #output: string[] = [];
  #started = { deviceName: '', startupMs: 0 };
  #end: SmokeEnd | null = null;

  constructor({ device, workerEntry, init, shard, limitMs }: SmokeWorker, resolve: (end: SmokeEnd) => void) {
    this.#shard = shard;
    const timer = setTimeout(() => this.#kill({ kind: 'late', limitMs }), limitMs);
    this.#handle = new WorkerHandle(RANK, workerEntry, device, {
      onMessage: (message) => this.#receive(message),
      onInvalid: (error) => this.#kill({ kind: 'died', how: String(error), output: [] }),
      onOutput: (line) => this.#output.push(line),
      onExit: (exit) => {
        clearTimeout(timer);
        resolve(this.#end ?? this.#died(exit));
      },
    });
    this.#handle.send(init);
  }

  #receive(message: WorkerMessage): void {
    switch (message.type) {
      case 'ready':
        this.#started = message;
        this.#handle.markReady();
        this.#assign();
        return;
      case 'shard-completed':
        this.#end = message.rejected > 0 ? { kind: 'rejected' } : { kind: 'computed', ...this.#started };
        this.#handle.drain();
        return;
      case 'fatal':
        this.#end ??= { kind: 'refused', error: deserializeError(message.error) };
        return;
      case 'heartbeat':
      case 'pack-started':
      case 'probe-survived':
      case 'log-repaired':
        return;
      default:
        message satisfies never;
    }
  }

  #assign(): void {
    const lease = { leaseId: toLeaseId('doctor'), attempt: 1, cautious: false, verdicts: [] };
    this.#handle.send({ type: 'assign', shard: this.#shard, ...lease });
  }

  #kill(end: SmokeEnd): void {
    this.#end ??= end;
    this.#handle.kill();
  }

  #died({ code, signal }: WorkerExit): SmokeEnd {
    const how = signal ?? (code === null ? 'no process at all' : `code ${code}`);
    return { kind: 'died', how, output: this.#output.slice(-LAST_LINES) };
  }
}
