import { randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

import * as z from 'zod';

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
  /** How often the holder shows other hosts that it lives; 0: never. */
  beatMs: z.int().nonnegative().default(0),
  /** Nodes among which the holder shares the run; 1: it works alone. */
  nodeCount: z.int().positive().default(1),
});

/** Who holds, or held, a lock. */
export type LockHolder = z.infer<typeof holderSchema>;

/** alive and dead: looked up here · unknown: a process of another host or container, which cannot be looked for */
export type HolderState = 'alive' | 'dead' | 'unknown';

export async function describeOwnProcess(own: Pick<LockHolder, 'beatMs' | 'nodeCount'>): Promise<LockHolder> {
  return {
    host: hostname(),
    pid: process.pid,
    bootId: await readBootId(),
    startTime: (await readStartTime(process.pid)) ?? '',
    pidNamespace: await readPidNamespace(),
    since: new Date().toISOString(),
    token: randomUUID(),
    ...own,
  };
}

/** @returns null when the content is no holder's */
export function parseHolder(content: Buffer): LockHolder | null {
  try {
    return holderSchema.parse(JSON.parse(content.toString('utf8')));
  } catch {
    return null;
  }
}

/** By pid, start time and boot, where the process is one of this host. */
export async function stateOfHolder(holder: LockHolder): Promise<HolderState> {
  if (holder.host !== hostname() || holder.pidNamespace !== (await readPidNamespace())) return 'unknown';
  return (await isAlive(holder)) ? 'alive' : 'dead';
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
