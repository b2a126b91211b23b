import {
  acquireRunLock,
  nodePaths,
  runPaths,
  type LockOptions,
  type RunLock,
  type RunPaths,
} from '@virnucpro/checkpoint';
import { InputError, StoppedError } from '@virnucpro/protocol';

import { readLiveNodes } from '../nodes/live-nodes.ts';
import { describeNode, isShared, type NodeShare } from '../nodes/node-share.ts';
import { slurmJob } from '../nodes/slurm-place.ts';
import { makeRunDirectory } from './run-folder.ts';
import type { RunContext } from './run-context.ts';

/** The right to work in a run folder. */
export interface RunClaim {
  readonly paths: RunPaths;
  /** Aborted when somebody else took this one's place, because it was silent for a minute. */
  readonly lost: AbortSignal;
  /**
   * Does what changes the files that all nodes share; one at a time.
   *
   * @throws {StoppedError} LOCK_LOST · {InputError} RUN_LOCKED
   */
  exclusively<T>(act: () => Promise<T>): Promise<T>;
  /** Are other nodes at work in the folder? */
  hasCompany(): Promise<boolean>;
  release(): Promise<void>;
}

/** A requeued job may begin while its predecessor still drains; a manifest is written in a moment. */
const PATIENCE_MS = 60_000;

/**
 * Alone in the folder, for as long as it works there.
 *
 * @throws {InputError} RUN_LOCKED naming who works there
 */
export async function claimWholeRun(
  context: RunContext,
  runDirectory: string,
  patience: 'none' | 'a minute' = 'none',
): Promise<RunClaim> {
  const { fileSystem } = context;
  const paths = runPaths(runDirectory);
  await makeRunDirectory(paths);
  const options = patience === 'none' ? announceTo(context) : patient(context);
  const lock = await acquireRunLock(fileSystem, paths.runLock, options);
  try {
    const [node] = await readLiveNodes(fileSystem, runDirectory);
    if (node !== undefined) throw inUseBy(runDirectory, node);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return {
    paths,
    lost: lock.lost,
    exclusively: (act) => whileHeld(lock, act),
    hasCompany: () => Promise.resolve(false),
    release: () => lock.release(),
  };
}

/**
 * As one node of several, each with a lock of its own; the lock of the whole run is held only for moments.
 *
 * @throws {InputError} RUN_LOCKED when this node's place is taken, or somebody works there alone · NODES_DIFFER
 */
export async function claimShare(
  context: RunContext,
  runDirectory: string,
  share: NodeShare,
): Promise<RunClaim> {
  const { fileSystem } = context;
  const paths = nodePaths(runDirectory, share.rank);
  await makeRunDirectory(paths);
  const options = patient(context);
  const lock = await acquireRunLock(fileSystem, paths.lock, { ...options, nodeCount: share.count });
  const others = async () =>
    (await readLiveNodes(fileSystem, runDirectory)).filter(({ rank }) => rank !== share.rank);
  const claim: RunClaim = {
    paths,
    lost: lock.lost,
    exclusively: (act) =>
      whileHeld(lock, async () => {
        const runLock = await acquireRunLock(fileSystem, paths.runLock, options);
        try {
          return await act();
        } finally {
          await runLock.release();
        }
      }),
    hasCompany: async () => (await others()).length > 0,
    release: () => lock.release(),
  };
  try {
    await claim.exclusively(async () => refuseOtherCount(await others(), share));
  } catch (error) {
    await claim.release();
    throw error;
  }
  return claim;
}

function announceTo({ stderr }: RunContext): LockOptions {
  return { announce: (message) => void stderr.write(`${message}\n`) };
}

function patient(context: RunContext): LockOptions {
  return { ...announceTo(context), patienceMs: PATIENCE_MS };
}

async function whileHeld<T>({ lost }: RunLock, act: () => Promise<T>): Promise<T> {
  if (lost.aborted) throw lockLost();
  return act();
}

export function lockLost(): StoppedError {
  return new StoppedError(
    'LOCK_LOST',
    'This process stood still for more than a minute, and another one took its place. It stops; the other goes on.',
  );
}

type LiveNode = Awaited<ReturnType<typeof readLiveNodes>>[number];

function inUseBy(
  runDirectory: string,
  { rank, lock: { nodeCount, pid, host, since } }: LiveNode,
): InputError {
  return new InputError(
    'RUN_LOCKED',
    `${runDirectory} is in use by ${describeNode({ rank, count: nodeCount })}: process ${pid} on ${host} since ${since}. Wait for it, or stop it.`,
    { details: { rank, host, pid, since } },
  );
}

/** Two ways to divide the shards at the same time would have some computed twice. */
function refuseOtherCount(others: readonly LiveNode[], share: NodeShare): void {
  const other = others.find(({ lock }) => lock.nodeCount !== share.count);
  if (other === undefined) return;
  const { rank, lock } = other;
  throw new InputError(
    'NODES_DIFFER',
    `This is ${describeNode(share)}, but ${describeNode({ rank, count: lock.nodeCount })} is at work in the same run folder ` +
      `(process ${lock.pid} on ${lock.host}). Stop it first, or give the same --num-nodes.`,
  );
}

/** @returns the paths under which this process may work; see {@link isShared} */
export function claimRun(context: RunContext, runDirectory: string, share: NodeShare): Promise<RunClaim> {
  if (isShared(share)) return claimShare(context, runDirectory, share);
  const isRestart = (slurmJob(context.environment)?.restartCount ?? 0) > 0;
  return claimWholeRun(context, runDirectory, isRestart ? 'a minute' : 'none');
}
