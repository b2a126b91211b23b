/** This process's part of a run that several nodes compute: shard k is node k mod count's. */
export interface NodeShare {
  /** 0 … count - 1. */
  readonly rank: number;
  readonly count: number;
}

/** A run of one process. */
export const WHOLE_RUN: NodeShare = { rank: 0, count: 1 };

export function ownsShard({ rank, count }: NodeShare, shardId: number): boolean {
  return shardId % count === rank;
}

export function isShared({ count }: NodeShare): boolean {
  return count > 1;
}

/** For people, who count as Slurm does: from 0. */
export function describeNode({ rank, count }: NodeShare): string {
  return `node ${rank} of ${count}`;
}
