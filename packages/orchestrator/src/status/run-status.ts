import {
  readManifest,
  readRunLock,
  runPaths,
  type DurableFileSystem,
  type Manifest,
} from '@virnucpro/checkpoint';
import { InputError } from '@virnucpro/protocol';

import { readNodeStatuses, type NodeStatus } from './node-status.ts';
import { readLastEvents, type EventSummary } from './read-events.ts';

/**
 * running: its process, or one of its nodes, is alive · dead: it ended without a word, resume it · stopped: resume it ·
 * computed: all nodes are done, merge it · complete
 */
export type RunState = 'running' | 'dead' | 'stopped' | 'computed' | 'complete';

export interface RunStatus {
  readonly runDirectory: string;
  readonly state: RunState;
  readonly runId: string;
  readonly model: string;
  readonly pid: number | null;
  readonly host: string | null;
  /** Null until the scan has ended. */
  readonly tokensTotal: number | null;
  readonly tokensDone: number;
  readonly sequencesDone: number;
  readonly tokensPerSecond: number | null;
  /** At the rate of the last minute; null when it is not running, or not known. */
  readonly etaSeconds: number | null;
  readonly updatedAt: string;
  readonly rows: number | null;
  /** Those that shared the run when it was last worked on; empty when one process did all. */
  readonly nodes: readonly NodeStatus[];
}

/** @throws {InputError} NO_RUN when the folder holds none */
export async function readRunStatus(fileSystem: DurableFileSystem, runDirectory: string): Promise<RunStatus> {
  const paths = runPaths(runDirectory);
  const manifest = await readManifest(fileSystem, paths.manifest);
  if (manifest === null) {
    throw new InputError('NO_RUN', `${runDirectory} holds no run (no manifest.json).`);
  }
  const lock = await readRunLock(fileSystem, paths.lock);
  const events = await readLastEvents(paths.events);
  const nodes = await readNodeStatuses(fileSystem, runDirectory);
  const known = {
    runDirectory,
    runId: manifest.runId,
    model: manifest.model.name,
    rows: manifest.outputs?.find(({ name }) => name === 'embeddings.npy')?.rows ?? null,
  };
  const alive = lock?.alive === true;
  if (manifest.status !== 'complete' && isLatest(nodes, events)) {
    return { ...known, nodes, ...sharedStatus(manifest, nodes) };
  }
  return {
    ...known,
    nodes,
    state: runState(manifest, alive),
    pid: alive ? lock.pid : null,
    host: alive ? lock.host : null,
    ...progressOf(manifest, events),
    tokensPerSecond: alive ? (events.progress?.tokensPerSecond ?? null) : null,
    etaSeconds: alive ? (events.progress?.etaSeconds ?? null) : null,
    updatedAt: events.time ?? manifest.updatedAt,
  };
}

/** Were nodes the last to work on the run, rather than one process, or a merge, alone? */
function isLatest(nodes: readonly NodeStatus[], { time }: EventSummary): boolean {
  const updated = nodes.flatMap(({ updatedAt }) => (updatedAt === null ? [] : [updatedAt]));
  return updated.some((nodeTime) => time === null || nodeTime > time);
}

function sharedStatus(manifest: Manifest, nodes: readonly NodeStatus[]) {
  const running = nodes.filter(({ state }) => state === 'running');
  const sum = (numbers: readonly (number | null)[]): number =>
    numbers.reduce<number>((a, b) => a + (b ?? 0), 0);
  const etas = running.map(({ etaSeconds }) => etaSeconds);
  const updated = nodes.map(({ updatedAt }) => updatedAt ?? '').sort();
  return {
    state: sharedState(nodes),
    pid: null,
    host: null,
    tokensTotal: totalOf(nodes) ?? manifest.scan?.tokens ?? null,
    tokensDone: sum(nodes.map(({ tokensDone }) => tokensDone)),
    sequencesDone: sum(nodes.map(({ sequencesDone }) => sequencesDone)),
    tokensPerSecond: running.length === 0 ? null : sum(running.map(({ tokensPerSecond }) => tokensPerSecond)),
    // The run is as late as its last node.
    etaSeconds: etas.length === 0 || etas.includes(null) ? null : Math.max(...etas.map((eta) => eta ?? 0)),
    updatedAt: updated.at(-1) ?? manifest.updatedAt,
  };
}

/** Known when every node knows its own. */
function totalOf(nodes: readonly NodeStatus[]): number | null {
  let total = 0;
  for (const { tokensTotal } of nodes) {
    if (tokensTotal === null) return null;
    total += tokensTotal;
  }
  return total;
}

function sharedState(nodes: readonly NodeStatus[]): RunState {
  if (nodes.some(({ state }) => state === 'running')) return 'running';
  if (nodes.every(({ state }) => state === 'done')) return 'computed';
  return nodes.some(({ state }) => state === 'dead') ? 'dead' : 'stopped';
}

function runState(manifest: Manifest, alive: boolean): RunState {
  if (manifest.status === 'complete') return 'complete';
  if (alive) return 'running';
  return manifest.status === 'stopped' ? 'stopped' : 'dead';
}

function progressOf({ status, scan }: Manifest, { progress }: EventSummary) {
  const tokensTotal = progress?.tokensTotal ?? scan?.tokens ?? null;
  return {
    tokensTotal,
    tokensDone: status === 'complete' && tokensTotal !== null ? tokensTotal : (progress?.tokensDone ?? 0),
    sequencesDone: progress?.sequencesDone ?? 0,
  };
}
