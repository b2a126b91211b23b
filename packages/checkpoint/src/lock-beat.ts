import type { DurableFileSystem } from './durable-file-system.ts';

/** A lock's holder shows those who cannot look for its process that it lives: it counts in a file beside the lock. */
export interface BeatTimes {
  readonly beatMs: number;
  /** Without a beat for this long, its holder counts as dead. */
  readonly silenceMs: number;
}

export const DEFAULT_BEAT_TIMES: BeatTimes = { beatMs: 5_000, silenceMs: 60_000 };

export function beatPath(lockPath: string, token: string): string {
  return `${lockPath}.beat.${token}`;
}

/**
 * One beat. Always as many bytes, over those of the last: on a full disk it goes on, and a reader never waits for it.
 * Opened anew each time, so that NFS shows it to other hosts (close-to-open).
 */
export async function writeBeat(
  fileSystem: DurableFileSystem,
  path: string,
  count: number,
  now: Date,
): Promise<void> {
  const file = await fileSystem.open(path, count === 0 ? 'w' : 'r+');
  try {
    await file.write([Buffer.from(`${String(count).padStart(12)} ${now.toISOString()}\n`)], 0);
  } finally {
    await file.close();
  }
}

/** @returns null when there is none */
export async function readBeat(fileSystem: DurableFileSystem, path: string): Promise<string | null> {
  return fileSystem.readFile(path).then(
    (content) => content.toString('utf8'),
    () => null,
  );
}

/**
 * Watches for a sign of life: a beat that changes. Needs no clock in common with the holder's host.
 *
 * @param wait sleeps for so many milliseconds; may throw, to end the watch
 */
export async function isSilent(
  read: () => Promise<string | null>,
  { beatMs, silenceMs }: BeatTimes,
  wait: (ms: number) => Promise<void>,
): Promise<boolean> {
  const first = await read();
  const stepMs = Math.max(1, Math.min(beatMs, silenceMs));
  for (let waitedMs = 0; waitedMs < silenceMs; waitedMs += stepMs) {
    await wait(stepMs);
    if ((await read()) !== first) return false;
  }
  return true;
}

/** A quick look by the clock, for people: was the last beat lately? Clocks of two hosts may differ. */
export function isRecentBeat(beat: string | null, now: Date, { silenceMs }: BeatTimes): boolean {
  const time = Date.parse(beat?.trim().split(' ')[1] ?? '');
  return Number.isFinite(time) && Math.abs(now.getTime() - time) <= silenceMs;
}
