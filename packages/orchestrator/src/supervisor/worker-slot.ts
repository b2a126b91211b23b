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
  retired = false;
  /** SIGKILL was sent to the present process. */
  killed = false;
  /** The error that the present process reported before its end. */
  lastError: VirnucproError | null = null;
  startedMs = 0;
  lastMessageMs = 0;

  constructor(rank: Rank, device: DeviceSpec, policy: RestartPolicyOptions) {
    this.rank = rank;
    this.device = device;
    this.policy = new RestartPolicy(policy);
  }

  get ready(): boolean {
    return this.handle?.state === 'ready';
  }

  /** True while there is a process, also one that is ending. */
  get alive(): boolean {
    return this.handle !== null;
  }
}
