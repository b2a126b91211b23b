import { createHash, randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

import { InputError } from '@virnucpro/protocol';
import { z } from 'zod';

import type { DurableFileSystem } from './durable-file-system.ts';

const holderSchema = z.object({
  host: z.string(),
  pid: z.int().positive(),
  /** Of the machine's present boot: a pid means nothing after another. */
  bootId: z.string(),
  /** Of the process, in clock ticks since boot: pids are used again. */
  startTime: z.string(),
  /** Its pid means nothing in another one: containers. */
  pidNamespace: z.string().default(''),
  since: z.string(),
  /** Part of a file name. */
  token: z.string().regex(/^[0-9A-Za-z-]{1,64}$/),
});

export type LockHolder = z.infer<typeof holderSchema>;

export interface RunLock {
  readonly holder: LockHolder;
  /** Gives the lock back, if it is still this one's. */
  release(): Promise<void>;
}

/** Who holds the lock; alive is unknown (true) for a process of another host. */
export interface ObservedLock extends LockHolder {
  readonly alive: boolean;
}

const ATTEMPTS = 5;

/**
 * Takes the lock of a run folder. The lock of a dead process (of this host, found by pid, start time and boot) is
 * succeeded, never removed: its successor's claim is a file named after the dead holder's token, and making that file is
 * atomic, so of many that try one wins. The holder is the end of the chain that begins at `path`:
 *
 *   .lock (token A, dead) <- .lock.A (token B, dead) <- .lock.B (token C, alive: the holder)
 *
 * @throws {InputError} RUN_LOCKED naming who holds it
 */
export async function acquireRunLock(fileSystem: DurableFileSystem, path: string): Promise<RunLock> {
  const holder = await ownHolder();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const chain = await readChain(fileSystem, path);
    const last = chain.at(-1);
    if (last?.alive === true) throw locked(path, last);
    const claim = last === undefined ? path : claimPath(path, last.token);
    if (!(await take(fileSystem, claim, holder))) continue;
    // The chain may have been given back between the look and the claim: then the claim hangs in the air.
    const current = await readChain(fileSystem, path);
    if (current.at(-1)?.token !== holder.token) {
      await fileSystem.remove(claim);
      continue;
    }
    return { holder, release: () => release(fileSystem, path, holder.token) };
  }
  throw new InputError(
    'RUN_LOCKED',
    `The lock ${path} could not be taken: another process takes it over as well. Try again.`,
  );
}

interface Link extends ObservedLock {
  readonly path: string;
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

function claimPath(path: string, token: string): string {
  return `${path}.${token}`;
}

/** @returns the present holder, or null when there is none */
export async function readRunLock(fileSystem: DurableFileSystem, path: string): Promise<ObservedLock | null> {
  return (await readChain(fileSystem, path)).at(-1) ?? null;
}

/** A lock that cannot be read is nobody's, but it is there: its content gives it a token. */
async function readHolder(fileSystem: DurableFileSystem, path: string): Promise<ObservedLock | null> {
  let content: Buffer;
  try {
    content = await fileSystem.readFile(path);
  } catch {
    return null;
  }
  const holder = parseHolder(content);
  if (holder === null) return { ...UNREADABLE, token: createHash('sha256').update(content).digest('hex') };
  return { ...holder, alive: (await isForeign(holder)) || (await isAlive(holder)) };
}

const UNREADABLE = {
  ...{ host: '', pid: 1, bootId: '', startTime: '', pidNamespace: '', since: '' },
  alive: false,
};

function parseHolder(content: Buffer): LockHolder | null {
  try {
    return holderSchema.parse(JSON.parse(content.toString('utf8')));
  } catch {
    return null;
  }
}

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
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await fileSystem.remove(temporary);
  }
}

/** The beginning goes first: without it the rest is no chain, so nobody can join a chain that is being removed. */
async function release(fileSystem: DurableFileSystem, path: string, token: string): Promise<void> {
  const chain = await readChain(fileSystem, path);
  if (chain.at(-1)?.token !== token) return;
  for (const link of chain) await fileSystem.remove(link.path);
}

async function ownHolder(): Promise<LockHolder> {
  return {
    host: hostname(),
    pid: process.pid,
    bootId: await readBootId(),
    startTime: (await readStartTime(process.pid)) ?? '',
    pidNamespace: await readPidNamespace(),
    since: new Date().toISOString(),
    token: randomUUID(),
  };
}

/** A process that cannot be looked for from here: it counts as alive. */
async function isForeign({ host, pidNamespace }: LockHolder): Promise<boolean> {
  return host !== hostname() || pidNamespace !== (await readPidNamespace());
}

async function readPidNamespace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}

async function isAlive({ pid, bootId, startTime }: LockHolder): Promise<boolean> {
  if (bootId !== (await readBootId())) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, but another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const current = await readStartTime(pid);
  return current === null || current === startTime;
}

async function readBootId(): Promise<string> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets. Null where there is no /proc. */
async function readStartTime(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
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
