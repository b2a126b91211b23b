import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
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
  since: z.string(),
  token: z.string(),
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
 * taken over; of two that try, one wins, because both the taking aside and the taking are atomic.
 *
 * @throws {InputError} RUN_LOCKED naming who holds it
 */
export async function acquireRunLock(fileSystem: DurableFileSystem, path: string): Promise<RunLock> {
  const holder = await ownHolder();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await take(fileSystem, path, holder))
      return { holder, release: () => release(fileSystem, path, holder.token) };
    const other = await readRunLock(fileSystem, path);
    if (other?.alive === true) throw locked(path, other);
    if (other !== null) await setAside(fileSystem, path, other.token);
    else if (await fileSystem.exists(path)) await setAside(fileSystem, path, null);
  }
  throw new InputError(
    'RUN_LOCKED',
    `The lock ${path} could not be taken: another process takes it over as well. Try again.`,
  );
}

/** @returns null when nobody holds it, or it cannot be read */
export async function readRunLock(fileSystem: DurableFileSystem, path: string): Promise<ObservedLock | null> {
  let holder: LockHolder;
  try {
    holder = holderSchema.parse(JSON.parse((await fileSystem.readFile(path)).toString('utf8')));
  } catch {
    return null;
  }
  return { ...holder, alive: holder.host !== hostname() || (await isAlive(holder)) };
}

/** Written under another name first, so that the lock is never seen empty. */
async function take(fileSystem: DurableFileSystem, path: string, holder: LockHolder): Promise<boolean> {
  const temporary = `${path}.${holder.token}`;
  const file = await fileSystem.open(temporary, 'w');
  try {
    await file.write([Buffer.from(`${JSON.stringify(holder)}\n`)], 0);
  } finally {
    await file.close();
  }
  try {
    await fileSystem.link(temporary, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await fileSystem.remove(temporary);
  }
}

/** Moves a dead lock out of the way; puts it back when meanwhile it became another's. */
async function setAside(fileSystem: DurableFileSystem, path: string, token: string | null): Promise<void> {
  const aside = `${path}.${randomUUID()}.stale`;
  try {
    await fileSystem.rename(path, aside);
  } catch {
    return;
  }
  const moved = await readRunLock(fileSystem, aside);
  if (moved !== null && moved.token !== token) await fileSystem.link(aside, path).catch(() => undefined);
  await fileSystem.remove(aside);
}

async function release(fileSystem: DurableFileSystem, path: string, token: string): Promise<void> {
  const current = await readRunLock(fileSystem, path);
  if (current?.token === token) await fileSystem.remove(path);
}

async function ownHolder(): Promise<LockHolder> {
  return {
    host: hostname(),
    pid: process.pid,
    bootId: await readBootId(),
    startTime: (await readStartTime(process.pid)) ?? '',
    since: new Date().toISOString(),
    token: randomUUID(),
  };
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
      : `If that process is gone for certain, remove ${path}.`;
  return new InputError(
    'RUN_LOCKED',
    `This run folder is in use by process ${pid} on ${host} since ${since}. ${remedy}`,
    {
      details: { host, pid, since },
    },
  );
}
