import { randomUUID } from 'node:crypto';
import { access, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

export interface MakeOnceOptions {
  /** Writes the file to the path that it is given, beside the final one. */
  readonly make: (temporary: string) => Promise<void>;
  /** Told once when another process is at it. */
  readonly onWait?: () => void;
  readonly pollMs?: number;
  /** A maker that showed no sign of life for so long is taken for dead. */
  readonly staleMs?: number;
}

const POLL_MS = 200;
const STALE_MS = 120_000;
const SIGN_OF_LIFE_MS = 2_000;

/**
 * Makes a large file once, also when several processes, or nodes with a common file system, want it: one makes it, the
 * others wait. The lock only spares work: the file appears whole, by renaming, so two makers do no harm.
 */
export async function makeOnce(path: string, options: MakeOnceOptions): Promise<void> {
  const lock = `${path}.lock`;
  let waited = false;
  while (!(await exists(path))) {
    if (await take(lock)) {
      await makeLocked(path, lock, options.make);
      return;
    }
    if (!waited) options.onWait?.();
    waited = true;
    await lockReleased(lock, options.pollMs ?? POLL_MS, options.staleMs ?? STALE_MS);
  }
}

async function makeLocked(path: string, lock: string, make: MakeOnceOptions['make']): Promise<void> {
  const alive = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => undefined);
  }, SIGN_OF_LIFE_MS);
  try {
    // Between the look and the lock another one may have finished.
    if (await exists(path)) return;
    const temporary = `${path}.${randomUUID()}`;
    await make(temporary);
    await rename(temporary, path);
  } finally {
    clearInterval(alive);
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, ownMark(), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Waits until the lock is gone; removes that of a dead process. */
async function lockReleased(lock: string, pollMs: number, staleMs: number): Promise<void> {
  let seen = await lastSign(lock);
  let seenAtMs = performance.now();
  while (seen !== null) {
    if (await isMakerDead(lock)) return rm(lock, { force: true });
    await delay(pollMs);
    const sign = await lastSign(lock);
    if (sign !== seen) seenAtMs = performance.now();
    else if (performance.now() - seenAtMs > staleMs) return rm(lock, { force: true });
    seen = sign;
  }
}

/** The clocks of two nodes may differ, so it is only compared with itself. */
async function lastSign(lock: string): Promise<number | null> {
  return stat(lock).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  );
}

function ownMark(): string {
  return `${hostname()} ${process.pid}`;
}

/** Known at once on the same host only. */
async function isMakerDead(lock: string): Promise<boolean> {
  const [host, pid] = (await readFile(lock, 'utf8').catch(() => '')).split(' ');
  if (host !== hostname() || !/^\d+$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
