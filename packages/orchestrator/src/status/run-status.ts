import {
  readManifest,
  readRunLock,
  runPaths,
  type DurableFileSystem,
  type Manifest,
} from '@virnucpro/checkpoint';
import { InputError } from '@virnucpro/protocol';

import { readLastEvents, type EventSummary } from './read-events.ts';

/** running: its process is alive · dead: it ended without a word, resume it · stopped: resume it · complete */
export type RunState = 'running' | 'dead' | 'stopped' | 'complete';

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
  const alive = lock?.alive === true;
  return {
    runDirectory,
    state: runState(manifest, alive),
    runId: manifest.runId,
    model: manifest.model.name,
    pid: alive ? lock.pid : null,
    host: alive ? lock.host : null,
    ...progressOf(manifest, events),
    tokensPerSecond: alive ? (events.progress?.tokensPerSecond ?? null) : null,
    etaSeconds: alive ? (events.progress?.etaSeconds ?? null) : null,
    updatedAt: events.time ?? manifest.updatedAt,
    rows: manifest.outputs?.find(({ name }) => name === 'embeddings.npy')?.rows ?? null,
  };
}

function runState(manifest: Manifest, alive: boolean): RunState {
  if (manifest.status === 'complete') return 'complete';
  if (alive) return 'running';
  return manifest.status === 'stopped' ? 'stopped' : 'dead';
}

function progressOf({ status, scan }: Manifest, { progress }: EventSummary) {
  const tokensTotal = scan?.tokens ?? progress?.tokensTotal ?? null;
  return {
    tokensTotal,
    tokensDone: status === 'complete' && tokensTotal !== null ? tokensTotal : (progress?.tokensDone ?? 0),
    sequencesDone: progress?.sequencesDone ?? 0,
  };
}
