import type { VirnucproError } from '@virnucpro/protocol';
import {
  deserializeError,
  EXIT_CODES,
  StoppedError,
  toRank,
  type DeviceSpec,
  type OrchestratorMessage,
  type WorkerMessage,
} from '@virnucpro/protocol';

import type { LeaseTable } from '../leases/lease-table.ts';
import { DEFAULT_RESTART_POLICY, type RestartPolicyOptions } from './restart-policy.ts';
import { ShardFailures } from './shard-failures.ts';
import type { SupervisorEnd, SupervisorEvents } from './supervisor-events.ts';
import { WorkerHandle, type WorkerExit } from './worker-handle.ts';
import { WorkerSlot } from './worker-slot.ts';

export interface SupervisorOptions {
  readonly devices: readonly DeviceSpec[];
  readonly workerEntry: URL;
  readonly initMessage: (slot: Pick<WorkerSlot, 'rank' | 'device'>) => OrchestratorMessage;
  readonly leases: LeaseTable;
  readonly events: SupervisorEvents;
  readonly restartPolicy?: RestartPolicyOptions;
  readonly timeouts?: Partial<SupervisorTimeouts>;
}

export interface SupervisorTimeouts {
  /** From fork to ready: loading tens of gigabytes from a slow disk takes minutes. */
  readonly startMs: number;
  /** Without any message; a worker's main thread never computes, so its heartbeats never pause. */
  readonly silenceMs: number;
  /** From drain to exit, the pack in flight included. */
  readonly drainMs: number;
}

const DEFAULT_TIMEOUTS: SupervisorTimeouts = { startMs: 15 * 60_000, silenceMs: 60_000, drainMs: 20_000 };
const WATCH_INTERVAL_MS = 500;
/** The shard that a worker computes, and the next one, so that its loader never idles at a border. */
const LEASES_PER_WORKER = 2;

/** Keeps one worker process per device alive and fed with leases, until all shards are done or it is told to stop. */
export class Supervisor {
  readonly ended: Promise<SupervisorEnd>;
  readonly #options: SupervisorOptions;
  readonly #timeouts: SupervisorTimeouts;
  readonly #slots: readonly WorkerSlot[];
  readonly #shardFailures = new ShardFailures();
  readonly #watch: NodeJS.Timeout;
  #resolveEnded: (end: SupervisorEnd) => void = () => undefined;
  /** Set once no more work is given out; the reason for which the run will end. */
  #ending: SupervisorEnd | null = null;
  #drainDeadlineMs = Number.POSITIVE_INFINITY;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    const policy = options.restartPolicy ?? DEFAULT_RESTART_POLICY;
    this.#slots = options.devices.map((device, rank) => new WorkerSlot(toRank(rank), device, policy));
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#watch = setInterval(() => this.#checkTimes(), WATCH_INTERVAL_MS);
  }

  start(): void {
    for (const slot of this.#slots) this.#startWorker(slot);
  }

  /** To be called when shards were added, or when the last one was. */
  dispatch(): void {
    if (this.#ending !== null) return;
    if (this.#options.leases.allDone) {
      this.#end({ kind: 'complete' });
      return;
    }
    for (let held = 0; held < LEASES_PER_WORKER; held += 1) {
      for (const slot of this.#slots) if (slot.ready) this.#leaseUpTo(slot, held + 1);
    }
  }

  /** Lets every worker finish the pack it computes and end. */
  drain(): void {
    this.#end({ kind: 'drained' });
  }

  /** Ends every worker at once. What is in the logs stays. */
  kill(): void {
    this.#end({ kind: 'drained' });
    for (const { handle } of this.#slots) handle?.kill();
  }

  /** Stops because the run cannot go on. */
  fail(error: VirnucproError): void {
    this.#end({ kind: 'failed', error });
  }

  #leaseUpTo(slot: WorkerSlot, count: number): void {
    const { leases } = this.#options;
    if (leases.heldBy(slot.rank).length >= count) return;
    const lease = leases.acquire(slot.rank);
    if (lease === null) return;
    const { leaseId, attempt, shard } = lease;
    slot.handle?.send({ type: 'assign', leaseId, attempt, shard });
  }

  #startWorker(slot: WorkerSlot): void {
    const { events, workerEntry, initMessage } = this.#options;
    slot.restartTimer = null;
    slot.lastError = null;
    slot.killed = false;
    slot.startedMs = slot.lastMessageMs = performance.now();
    const handle = new WorkerHandle(slot.rank, workerEntry, slot.device, {
      onMessage: (message) => this.#receive(slot, message),
      onInvalid: (error) => this.#killWorker(slot, error instanceof Error ? error.message : String(error)),
      onOutput: (line) => events.onWorkerOutput(slot.rank, line),
      onExit: (exit) => this.#onExit(slot, exit),
    });
    slot.handle = handle;
    events.onWorkerStarted(slot.rank, handle.pid);
    handle.send(initMessage(slot));
  }

  #receive(slot: WorkerSlot, message: WorkerMessage): void {
    const { events, leases } = this.#options;
    slot.lastMessageMs = performance.now();
    switch (message.type) {
      case 'ready':
        slot.handle?.markReady();
        events.onWorkerReady(slot.rank, message);
        this.dispatch();
        return;
      case 'heartbeat':
        if (message.metrics.packs > 0) this.#progressed(slot);
        events.onHeartbeat(slot.rank, message);
        return;
      case 'shard-completed':
        if (!leases.complete(message.leaseId)) {
          events.onLateResult(slot.rank, message);
          return;
        }
        slot.policy.progressed();
        events.onShardCompleted(slot.rank, message);
        this.dispatch();
        return;
      case 'fatal':
        slot.lastError = deserializeError(message.error);
        return;
      default:
        message satisfies never;
    }
  }

  #progressed(slot: WorkerSlot): void {
    slot.policy.progressed();
    const working = this.#options.leases.heldBy(slot.rank)[0];
    if (working !== undefined) this.#shardFailures.progressed(working.shard.shardId);
  }

  #killWorker(slot: WorkerSlot, reason: string): void {
    if (slot.handle === null || slot.killed) return;
    slot.killed = true;
    this.#options.events.onWorkerKilled(slot.rank, reason);
    slot.handle.kill();
  }

  #onExit(slot: WorkerSlot, exit: WorkerExit): void {
    slot.handle = null;
    const releasedLeases = this.#options.leases.releaseAll(slot.rank);
    if (this.#ending === null) {
      const restartInMs = this.#planRestart(slot);
      this.#options.events.onWorkerLost(slot.rank, {
        exit,
        error: slot.lastError,
        releasedLeases,
        restartInMs,
      });
      this.#judgeLoss(slot, releasedLeases[0]?.shard.shardId);
      this.dispatch();
    }
    this.#resolveIfAllGone();
  }

  #planRestart(slot: WorkerSlot): number | null {
    const decision = slot.policy.failed();
    if (decision.action === 'retire') {
      slot.retired = true;
      return null;
    }
    slot.restartTimer = setTimeout(() => this.#startWorker(slot), decision.delayMs);
    return decision.delayMs;
  }

  /** Some losses end the run: an error that every worker would meet, a shard that kills whoever takes it. */
  #judgeLoss(slot: WorkerSlot, shardId: number | undefined): void {
    const { lastError } = slot;
    if (lastError !== null && lastError.exitCode !== EXIT_CODES.unexpected) this.fail(lastError);
    else if (shardId !== undefined && this.#shardFailures.failed(shardId)) {
      this.fail(
        new StoppedError(
          'SHARD_KEEPS_FAILING',
          `Shard ${shardId} ended every worker that took it (${ShardFailures.limit} times without a finished pack)` +
            `${lastError === null ? '' : `: ${lastError.message}`}. See logs/worker-*.log; what is done is kept.`,
        ),
      );
    } else if (this.#slots.every(({ retired }) => retired)) {
      const last = lastError === null ? '' : ` The last error: ${lastError.message}`;
      this.fail(
        new StoppedError(
          'WORKERS_LOST',
          `Every worker failed too often and was given up.${last} What is done is kept; see logs/, then run again to resume.`,
          { cause: lastError ?? undefined },
        ),
      );
    }
  }

  #end(end: SupervisorEnd): void {
    if (this.#ending !== null) return;
    this.#ending = end;
    this.#drainDeadlineMs = performance.now() + this.#timeouts.drainMs;
    for (const slot of this.#slots) {
      if (slot.restartTimer !== null) clearTimeout(slot.restartTimer);
      slot.restartTimer = null;
      slot.handle?.drain();
    }
    this.#resolveIfAllGone();
  }

  #resolveIfAllGone(): void {
    if (this.#ending === null || this.#slots.some(({ alive }) => alive)) return;
    clearInterval(this.#watch);
    this.#resolveEnded(this.#ending);
  }

  #checkTimes(): void {
    const nowMs = performance.now();
    const { startMs, silenceMs, drainMs } = this.#timeouts;
    for (const slot of this.#slots) {
      const state = slot.handle?.state;
      if (nowMs > this.#drainDeadlineMs && slot.alive) {
        this.#killWorker(slot, `it did not end within ${drainMs / 1000} s of being told to`);
      } else if (state === 'starting' && nowMs - slot.startedMs > startMs) {
        this.#killWorker(slot, `it was not ready within ${startMs / 1000} s`);
      } else if (state === 'ready' && nowMs - slot.lastMessageMs > silenceMs) {
        this.#killWorker(slot, `it sent nothing for ${silenceMs / 1000} s`);
      }
    }
  }
}
