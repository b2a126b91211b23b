import { nodePaths, type DurableFileSystem } from '@virnucpro/checkpoint';

import { readNodes, type KnownNode } from '../nodes/live-nodes.ts';
import type { NodeShare } from '../nodes/node-share.ts';
import { readLastEvents, type EventSummary } from './read-events.ts';

/**
 * running: its process is alive · done: its shards are · stopped: start it again · dead: it ended without a word ·
 * absent: it has not begun
 */
export type NodeState = 'running' | 'done' | 'stopped' | 'dead' | 'absent';

export interface NodeStatus {
  readonly rank: number;
  readonly state: NodeState;
  readonly host: string | null;
  readonly pid: number | null;
  readonly tokensDone: number;
  /** Of its share; null until its scan has ended. */
  readonly tokensTotal: number | null;
  readonly sequencesDone: number;
  readonly tokensPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly updatedAt: string | null;
}

interface Seen {
  readonly node: KnownNode;
  readonly events: EventSummary;
  readonly share: NodeShare;
}

/** The nodes among which the run is shared now, or was when it was last worked on; none when it never was. */
export async function readNodeStatuses(
  fileSystem: DurableFileSystem,
  runDirectory: string,
): Promise<NodeStatus[]> {
  const seen: Seen[] = [];
  for (const node of await readNodes(fileSystem, runDirectory)) {
    const events = await readLastEvents(nodePaths(runDirectory, node.rank).events);
    // The lock of a node that was killed is still there.
    const count = node.lock?.nodeCount ?? events.progress?.node.count ?? 1;
    seen.push({ node, events, share: { rank: node.rank, count } });
  }
  const latest = seen.reduce<Seen | null>(
    (last, each) => (last === null || isLater(each, last) ? each : last),
    null,
  );
  if (latest === null) return [];
  const { count } = latest.share;
  return Array.from({ length: count }, (_, rank) => {
    const found = seen.find(({ share }) => share.rank === rank && share.count === count);
    return found === undefined ? absent(rank) : statusOf(found);
  });
}

function isLater(a: Seen, b: Seen): boolean {
  const [aAlive, bAlive] = [a.node.lock?.alive === true, b.node.lock?.alive === true];
  return aAlive === bAlive ? (a.events.time ?? '') > (b.events.time ?? '') : aAlive;
}

function statusOf({ node: { rank, lock }, events: { progress, ended, time } }: Seen): NodeStatus {
  const alive = lock?.alive === true;
  return {
    rank,
    state: alive ? 'running' : endState(ended),
    host: alive ? lock.host : null,
    pid: alive ? lock.pid : null,
    tokensDone: progress?.tokensDone ?? 0,
    tokensTotal: progress?.tokensTotal ?? null,
    sequencesDone: progress?.sequencesDone ?? 0,
    tokensPerSecond: alive ? (progress?.tokensPerSecond ?? null) : null,
    etaSeconds: alive ? (progress?.etaSeconds ?? null) : null,
    updatedAt: time,
  };
}

function endState(ended: EventSummary['ended']): NodeState {
  if (ended === null) return 'dead';
  return ended === 'complete' ? 'done' : 'stopped';
}

function absent(rank: number): NodeStatus {
  return {
    ...{ rank, state: 'absent', host: null, pid: null },
    ...{
      tokensDone: 0,
      tokensTotal: null,
      sequencesDone: 0,
      tokensPerSecond: null,
      etaSeconds: null,
      updatedAt: null,
    },
  };
}
