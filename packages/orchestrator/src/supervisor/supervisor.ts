import { availableParallelism } from 'node:os';

import type { VirnucproError } from '@virnucpro/protocol';
import {
  deserializeError,
  EXIT_CODES,
  StoppedError,
  toRank,
  type DeviceSpec,
  type LeaseId,
  type OrchestratorMessage,
  type WorkerMessage,
} from '@virnucpro/protocol';

import type { LeaseTable } from '../leases/lease-table.ts';
import { DEFAULT_RESTART_POLICY, type RestartPolicyOptions } from './restart-policy.ts';
import { Dispatcher, type Loss } from './dispatcher.ts';
import { DEFAULT_TIMEOUTS, overdue, type SupervisorTimeouts } from './overdue.ts';
import { PackTimes, type HangLimits } from './pack-times.ts';
import type { Blame } from './shard-troubles.ts';
import type { HeartbeatMessage, SupervisorEnd, SupervisorEvents } from './supervisor-events.ts';
import { startsDue } from './start-turns.ts';
import { WorkerHandle, type WorkerExit } from './worker-handle.ts';
import { WorkerSlot } from './worker-slot.ts';

export interface SupervisorOptions {
  readonly devices: readonly DeviceSpec[];
  readonly workerEntry: URL;
  readonly initMessage: (slot: Pick<WorkerSlot, 'rank' | 'device' | 'processes'>) => OrchestratorMessage;
  readonly leases: LeaseTable;
  readonly events: SupervisorEvents;
  readonly restartPolicy?: RestartPolicyOptions;
  readonly timeouts?: Partial<SupervisorTimeouts>;
  readonly hangLimits?: HangLimits;
}

const WATCH_INTERVAL_MS = 500;

/** Keeps one worker process per device alive and fed with leases, until all shards are done or it is told to stop. */
export class Supervisor {
  readonly ended: Promise<SupervisorEnd>;
  readonly #options: SupervisorOptions;
  readonly #timeouts: SupervisorTimeouts;
  readonly #slots: readonly WorkerSlot[];
  readonly #dispatcher: Dispatcher;
  readonly #packTimes: PackTimes;
  readonly #watch: NodeJS.Timeout;
  #resolveEnded: (end: SupervisorEnd) => void = () => undefined;
  /** Set once no more work is given out; the reason for which the run will end. */
  #ending: SupervisorEnd | null = null;
  #drainDeadlineMs = Number.POSITIVE_INFINITY;
  #lastCheckMs = performance.now();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    this.#dispatcher = new Dispatcher(options.leases);
    this.#packTimes = new PackTimes(options.hangLimits);
    const policy = options.restartPolicy ?? DEFAULT_RESTART_POLICY;
    this.#slots = options.devices.map((device, rank) => new WorkerSlot(toRank(rank), device, policy));
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#watch = setInterval(() => this.#checkTimes(), WATCH_INTERVAL_MS);
  }

  start(): void {
    this.#startInTurn();
  }

  /** To be called when shards were added, or when the last one was. */
  dispatch(): void {
    if (this.#ending !== null) return;
    if (this.#dispatcher.allDone) this.#end({ kind: 'complete' });
    else this.#dispatcher.feed(this.#slots);
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

  #startInTurn(): void {
    if (this.#ending !== null) return;
    const due = startsDue(this.#slots, performance.now(), availableParallelism());
    for (const slot of due) this.#startWorker(slot);
  }

  #startWorker(slot: WorkerSlot): void {
    const { events, workerEntry, initMessage } = this.#options;
    slot.occupy(performance.now());
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
    const { events } = this.#options;
    slot.lastMessageMs = performance.now();
    switch (message.type) {
      case 'ready':
        slot.handle?.markReady();
        slot.wasReady = true;
        events.onWorkerReady(slot.rank, message);
        this.#startInTurn();
        this.dispatch();
        return;
      case 'heartbeat':
        this.#takeHeartbeat(slot, message);
        return;
      case 'pack-started':
        this.#dispatcher.packStarted(message);
        return;
      case 'probe-survived':
        this.#takeSurvival(slot, message.leaseId);
        return;
      case 'log-repaired':
        events.onLogRepaired(slot.rank, message);
        return;
      case 'shard-completed':
        if (!this.#dispatcher.complete(slot, message.leaseId, message.shardId)) {
          events.onLateResult(slot.rank, message);
          return;
        }
        slot.policy.progressed();
        events.onShardCompleted(slot.rank, message);
        this.dispatch();
        return;
      case 'fatal':
        slot.lastError = deserializeError(message.error);
        slot.failedToOpen ||= isOfOneDevice(slot.lastError);
        return;
      default:
        message satisfies never;
    }
  }

  #takeHeartbeat(slot: WorkerSlot, message: HeartbeatMessage): void {
    const { packs, busyMs } = message.metrics;
    slot.packStartedMs = message.currentPackMs === null ? null : performance.now() - message.currentPackMs;
    this.#packTimes.observe(packs, busyMs);
    if (message.shardsWanted > slot.shardsWanted) {
      slot.shardsWanted = message.shardsWanted;
      this.dispatch();
    }
    slot.shardsWanted = message.shardsWanted;
    if (packs > 0) {
      slot.policy.progressed();
      this.#dispatcher.progressed(slot.rank);
    }
    this.#options.events.onHeartbeat(slot.rank, message);
  }

  #takeSurvival(slot: WorkerSlot, leaseId: LeaseId): void {
    const found = this.#dispatcher.probeSurvived(slot, leaseId);
    if (found !== null) this.#report(slot, found);
    this.dispatch();
  }

  #killWorker(slot: WorkerSlot, reason: string): void {
    if (slot.handle === null || slot.killedFor !== null) return;
    slot.killedFor = reason;
    this.#options.events.onWorkerKilled(slot.rank, reason);
    slot.handle.kill();
  }

  #onExit(slot: WorkerSlot, exit: WorkerExit): void {
    slot.handle = null;
    this.#options.events.onWorkerEnded(slot.rank);
    const loss = this.#dispatcher.lost(slot, exit);
    if (this.#ending === null) {
      const restartInMs = this.#planRestart(slot, loss.blame);
      this.#options.events.onWorkerLost(slot.rank, {
        exit,
        error: slot.lastError,
        killedFor: slot.killedFor,
        releasedLeases: loss.releasedLeases,
        packInFlight: slot.packStartedMs !== null,
        restartInMs,
      });
      this.#report(slot, loss);
      this.#judgeLoss(slot);
      this.#startInTurn();
      this.dispatch();
    }
    this.#resolveIfAllGone();
  }

  #planRestart(slot: WorkerSlot, blame: Blame): number | null {
    if (blame.on === 'pack' || blame.on === 'records') {
      slot.restartTimer = setTimeout(() => this.#startWorker(slot), 0);
      return 0;
    }
    const decision = slot.policy.failed();
    if (decision.action === 'retire') {
      slot.retired = true;
      return null;
    }
    slot.restartTimer = setTimeout(() => this.#startWorker(slot), decision.delayMs);
    return decision.delayMs;
  }

  #report({ lastError }: WorkerSlot, { shard, blame }: Omit<Loss, 'releasedLeases'>): void {
    if (shard === undefined) return;
    if (blame.on === 'records') {
      // The crashes that led here were not the devices'.
      for (const { policy } of this.#slots) policy.progressed();
      this.#options.events.onRecordsBlamed(shard, blame.packIndex, blame.records);
    } else if (blame.on === 'everything') {
      const last = lastError === null ? '' : ` The last error: ${lastError.message}`;
      this.fail(
        new StoppedError(
          'SHARD_KEEPS_FAILING',
          `Whatever of shard ${shard.shardId} was computed ended its worker, down to single records, so it is not the records.${last} ` +
            'See logs/worker-*.log and the state of the device; what is done is kept, run again to resume.',
        ),
      );
    }
  }

  /** Some losses end the run: an error that every worker would meet, the loss of the last one. */
  #judgeLoss({ lastError }: WorkerSlot): void {
    if (lastError !== null && lastError.exitCode !== EXIT_CODES.unexpected && !isOfOneDevice(lastError)) {
      this.fail(lastError);
    } else if (
      lastError !== null &&
      this.#slots.every(({ wasReady, failedToOpen }) => !wasReady && failedToOpen)
    ) {
      this.fail(lastError);
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
    const lateMs = nowMs - this.#lastCheckMs;
    this.#lastCheckMs = nowMs;
    // This process was stopped itself: what the workers sent meanwhile is still to be read.
    if (lateMs > 10 * WATCH_INTERVAL_MS) return;
    this.#startInTurn();
    for (const slot of this.#slots) {
      if (slot.alive && nowMs > this.#drainDeadlineMs) {
        this.#killWorker(slot, `it did not end within ${this.#timeouts.drainMs / 1000} s of being told to`);
        continue;
      }
      const reason = overdue(slot, nowMs, this.#timeouts, this.#packTimes);
      if (reason !== null) this.#killWorker(slot, reason);
    }
  }
}

/** The session could not be opened: the device, or its share of the machine, is at fault; another may be well. */
function isOfOneDevice({ code }: VirnucproError): boolean {
  return code === 'SESSION_FAILED';
}
