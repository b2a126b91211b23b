import type { DeviceSpec, Rank, VirnucproError } from '@virnucpro/protocol';

import { RestartPolicy, type RestartPolicyOptions } from './restart-policy.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** The place of one rank: its device for the whole run, and the process that has it now. */
export class WorkerSlot {
  readonly rank: Rank;
  readonly device: DeviceSpec;
  readonly policy: RestartPolicy;
  handle: WorkerHandle | null = null;
  restartTimer: NodeJS.Timeout | null = null;
  /** Processes that have had the place, the present one included. */
  processes = 0;
  retired = false;
  /** A process of this place has computed, or could have. */
  wasReady = false;
  /** The device could not be opened. */
  failedToOpen = false;
  /** Why SIGKILL was sent to the present process; null when it was not. */
  killedFor: string | null = null;
  /** The error that the present process reported before its end. */
  lastError: VirnucproError | null = null;
  startedMs = 0;
  lastMessageMs = 0;
  /** When the pack that the present process computes was begun, by this process's clock; null while it computes none. */
  packStartedMs: number | null = null;
  /** Leases that the process can use: the shard it computes, and the next, so that it never idles at a border. */
  shardsWanted = 2;
  /** The present process holds a lease that it must hold alone: a watched shard, or a probe. */
  exclusive = false;

  constructor(rank: Rank, device: DeviceSpec, policy: RestartPolicyOptions) {
    this.rank = rank;
    this.device = device;
    this.policy = new RestartPolicy(policy);
  }

  /** A new process takes the place. */
  occupy(nowMs: number): void {
    this.processes += 1;
    this.restartTimer = null;
    this.lastError = null;
    this.killedFor = null;
    this.exclusive = false;
    this.packStartedMs = null;
    this.startedMs = this.lastMessageMs = nowMs;
  }

  get ready(): boolean {
    return this.handle?.state === 'ready';
  }

  /** True while there is a process, also one that is ending. */
  get alive(): boolean {
    return this.handle !== null;
  }
}
