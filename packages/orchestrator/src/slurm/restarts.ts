import * as z from 'zod';

const restartsSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** The job whose restarts these are: a new submission begins anew. */
  jobId: z.string(),
  restarts: z.int().nonnegative(),
  /** Restarts in a row before which nothing new had become durable. */
  idleRestarts: z.int().nonnegative(),
  /** The most bytes of checkpoints that a restart has seen. */
  durableBytes: z.int().nonnegative(),
  updatedAt: z.iso.datetime(),
});

/** What is remembered from one restart of a node to the next, in its restarts.json. */
export type Restarts = z.infer<typeof restartsSchema>;

/** @returns null when it is nothing of this program's: then the count begins anew */
export function parseRestarts(content: Buffer): Restarts | null {
  try {
    return restartsSchema.parse(JSON.parse(content.toString('utf8')));
  } catch {
    return null;
  }
}

export interface StoppedNode {
  readonly jobId: string;
  /** Bytes in its checkpoint logs now. */
  readonly durableBytes: number;
  readonly maxIdleRestarts: number;
  readonly now: Date;
}

export interface RestartDecision {
  readonly restart: boolean;
  readonly restarts: Restarts;
}

/**
 * Whether a stopped node is to be started again: not when it has stopped too often in a row without a new result, for
 * then it will not get any further. A torn tail that was cut off and written again is no new result. Pure.
 *
 * @param earlier null at the first stop
 */
export function decideRestart(earlier: Restarts | null, stopped: StoppedNode): RestartDecision {
  const { jobId, durableBytes, maxIdleRestarts, now } = stopped;
  const sameJob = earlier?.jobId === jobId ? earlier : null;
  // Of another submission's bytes nothing follows: with another number of nodes, a node owns other shards.
  const mostBytes = sameJob?.durableBytes ?? 0;
  const idleRestarts = durableBytes > mostBytes ? 0 : (sameJob?.idleRestarts ?? 0) + 1;
  const restart = idleRestarts <= maxIdleRestarts;
  return {
    restart,
    restarts: {
      formatVersion: 1,
      jobId,
      restarts: (sameJob?.restarts ?? 0) + (restart ? 1 : 0),
      idleRestarts,
      durableBytes: Math.max(durableBytes, mostBytes),
      updatedAt: now.toISOString(),
    },
  };
}
