import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { InputError } from '@virnucpro/protocol';

import type { DurableFileSystem } from './durable-file-system.ts';
import { HeldLock, type RunLock } from './held-lock.ts';
import {
  beatPath,
  DEFAULT_BEAT_TIMES,
  isRecentBeat,
  isSilent,
  readBeat,
  type BeatTimes,
} from './lock-beat.ts';
import { describeOwnProcess, parseHolder, stateOfHolder, type LockHolder } from './lock-holder.ts';

export type { RunLock } from './held-lock.ts';

export interface LockOptions {
  /** Nodes that share the run; the holder is one of them. */
  readonly nodeCount?: number;
  /** How long to wait for a living holder to give the lock back; 0: not at all. */
  readonly patienceMs?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** Told when there is something to wait for. */
  readonly announce?: (message: string) => void;
  readonly times?: BeatTimes;
}

/** Who holds the lock; of a process of another host, alive is told by its last beat. */
export interface ObservedLock extends LockHolder {
  readonly alive: boolean;
}

const ATTEMPTS = 5;
const POLL_MS = 200;

/**
 * Takes the lock of a run folder. The lock of a dead process is succeeded, never removed: its successor's claim is a file
 * named after the dead holder's token, and making that file is atomic, so of many that try one wins. The holder is the end
 * of the chain that begins at `path`:
 *
 *   .lock (token A, dead) <- .lock.A (token B, dead) <- .lock.B (token C, alive: the holder)
 *
 * Dead is: of this host, and not found by pid, start time and boot; or of another, and without a beat for a minute.
 *
 * @throws {InputError} RUN_LOCKED naming who holds it
 * @throws {AbortError} the signal was given
 */
export async function acquireRunLock(
  fileSystem: DurableFileSystem,
  path: string,
  options: LockOptions = {},
): Promise<RunLock> {
  const { times = DEFAULT_BEAT_TIMES, nodeCount = 1, patienceMs = 0 } = options;
  const holder = await describeOwnProcess({ beatMs: times.beatMs, nodeCount });
  const deadlineMs = performance.now() + patienceMs;
  let announced = false;
  for (let attempt = 0; attempt < ATTEMPTS;) {
    const last = (await readChain(fileSystem, path)).at(-1);
    if (last !== undefined && (await isHeld(fileSystem, path, last, options))) {
      if (performance.now() >= deadlineMs) throw locked(path, last);
      if (!announced)
        options.announce?.(`waiting for process ${last.pid} on ${last.host}, which holds ${path}`);
      announced = true;
      await pause(POLL_MS, options);
      continue;
    }
    attempt += 1;
    const claim = last === undefined ? path : claimPath(path, last.token);
    if (!(await take(fileSystem, claim, holder))) continue;
    // The chain may have been given back between the look and the claim: then the claim hangs in the air.
    if (await endsChain(fileSystem, path, holder.token)) {
      return HeldLock.begin({
        fileSystem,
        beatPath: beatPath(path, holder.token),
        times,
        holder,
        isStillOurs: () => endsChain(fileSystem, path, holder.token),
        giveBack: () => giveBack(fileSystem, path, holder.token),
      });
    }
    await fileSystem.remove(claim);
  }
  throw new InputError(
    'RUN_LOCKED',
    `The lock ${path} could not be taken: another process takes it over as well. Try again.`,
  );
}

/** @returns the present holder, or null when there is none */
export async function readRunLock(fileSystem: DurableFileSystem, path: string): Promise<ObservedLock | null> {
  const last = (await readChain(fileSystem, path)).at(-1);
  return last === undefined ? null : { ...last, alive: await seemsAlive(fileSystem, path, last) };
}

async function pause(ms: number, { signal }: LockOptions): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal });
}

async function isHeld(
  fileSystem: DurableFileSystem,
  path: string,
  last: Link,
  options: LockOptions,
): Promise<boolean> {
  const state = await stateOf(last);
  if (state !== 'unknown' || last.beatMs === 0) return state !== 'dead';
  const { times = DEFAULT_BEAT_TIMES } = options;
  const seconds = Math.ceil(times.silenceMs / 1000);
  options.announce?.(
    `${path} is held by process ${last.pid} on ${last.host}; waiting up to ${seconds} s for a sign of life from it`,
  );
  const read = (): Promise<string | null> => readBeat(fileSystem, beatPath(path, last.token));
  return !(await isSilent(read, times, (ms) => pause(ms, options)));
}

async function seemsAlive(fileSystem: DurableFileSystem, path: string, last: Link): Promise<boolean> {
  const state = await stateOf(last);
  if (state !== 'unknown' || last.beatMs === 0) return state !== 'dead';
  const beat = await readBeat(fileSystem, beatPath(path, last.token));
  return isRecentBeat(beat, new Date(), DEFAULT_BEAT_TIMES);
}

interface Link extends LockHolder {
  readonly path: string;
  readonly readable: boolean;
}

function stateOf(link: Link): ReturnType<typeof stateOfHolder> {
  return link.readable ? stateOfHolder(link) : Promise.resolve('dead');
}

/** From the first holder to the present one; empty when nobody holds the lock. */
async function readChain(fileSystem: DurableFileSystem, path: string): Promise<Link[]> {
  const chain: Link[] = [];
  for (let next = path; ;) {
    const holder = await readHolder(fileSystem, next);
    if (holder === null) return chain;
    chain.push({ ...holder, path: next });
    next = claimPath(path, holder.token);
  }
}

async function endsChain(fileSystem: DurableFileSystem, path: string, token: string): Promise<boolean> {
  return (await readChain(fileSystem, path)).at(-1)?.token === token;
}

function claimPath(path: string, token: string): string {
  return `${path}.${token}`;
}

/** A lock that cannot be read is nobody's, but it is there: its content gives it a token. */
async function readHolder(fileSystem: DurableFileSystem, path: string): Promise<Omit<Link, 'path'> | null> {
  let content: Buffer;
  try {
    content = await fileSystem.readFile(path);
  } catch {
    return null;
  }
  const holder = parseHolder(content);
  if (holder !== null) return { ...holder, readable: true };
  return { ...NOBODY, token: createHash('sha256').update(content).digest('hex'), readable: false };
}

const NOBODY = {
  ...{ host: '', pid: 1, bootId: '', startTime: '', pidNamespace: '', since: '' },
  ...{ beatMs: 0, nodeCount: 1 },
};

/** Written under another name first, so that the lock is never seen empty. */
async function take(fileSystem: DurableFileSystem, path: string, holder: LockHolder): Promise<boolean> {
  const temporary = `${path}.${holder.token}.new`;
  try {
    const file = await fileSystem.open(temporary, 'w');
    try {
      await file.write([Buffer.from(`${JSON.stringify(holder)}\n`)], 0);
    } finally {
      await file.close();
    }
    await fileSystem.link(temporary, path);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    // NFS says so too when the answer to a link that was made got lost and was asked for again.
    return (await readHolder(fileSystem, path))?.token === holder.token;
  } finally {
    await fileSystem.remove(temporary);
  }
}

/** The beginning goes first: without it the rest is no chain, so nobody can join a chain that is being removed. */
async function giveBack(fileSystem: DurableFileSystem, path: string, token: string): Promise<void> {
  const chain = await readChain(fileSystem, path);
  if (chain.at(-1)?.token !== token) return;
  for (const link of chain) {
    await fileSystem.remove(link.path);
    await fileSystem.remove(beatPath(path, link.token));
  }
}

function locked(path: string, { host, pid, since }: LockHolder): InputError {
  const remedy =
    host === hostname()
      ? `Wait for it, or stop it: kill ${pid}.`
      : `If that process is gone for certain, remove ${path}*`;
  return new InputError(
    'RUN_LOCKED',
    `This run folder is in use by process ${pid} on ${host} since ${since}. ${remedy}`,
    {
      details: { host, pid, since },
    },
  );
}
