import type { DurableFileSystem } from './durable-file-system.ts';
import { writeBeat, type BeatTimes } from './lock-beat.ts';
import type { LockHolder } from './lock-holder.ts';

export interface RunLock {
  readonly holder: LockHolder;
  /** Aborted when another process has taken the lock over: this one was silent for so long that it counted as dead. */
  readonly lost: AbortSignal;
  /** Gives the lock back, if it is still this one's. */
  release(): Promise<void>;
}

interface HeldLockParts {
  readonly fileSystem: DurableFileSystem;
  readonly beatPath: string;
  readonly times: BeatTimes;
  readonly holder: LockHolder;
  readonly isStillOurs: () => Promise<boolean>;
  readonly giveBack: () => Promise<void>;
}

/** A lock in our hands: it beats, and looks at each beat whether it is still ours. */
export class HeldLock implements RunLock {
  readonly #parts: HeldLockParts;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #beats = 1;
  #beating: Promise<void> = Promise.resolve();

  private constructor(parts: HeldLockParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void (this.#beating = this.#beat()), parts.times.beatMs).unref();
  }

  /** @throws the file system's error when it cannot be shown that the holder lives; the lock is given back then */
  static async begin(parts: HeldLockParts): Promise<HeldLock> {
    try {
      await writeBeat(parts.fileSystem, parts.beatPath, 0, new Date());
    } catch (error) {
      // Without a first beat others would soon take it for dead.
      await parts.giveBack();
      throw error;
    }
    return new HeldLock(parts);
  }

  get holder(): LockHolder {
    return this.#parts.holder;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    await this.#parts.giveBack();
  }

  async #beat(): Promise<void> {
    const { fileSystem, beatPath, isStillOurs } = this.#parts;
    try {
      if (!(await isStillOurs())) {
        clearInterval(this.#timer);
        this.#lost.abort();
        return;
      }
      await writeBeat(fileSystem, beatPath, this.#beats, new Date());
      this.#beats += 1;
    } catch {
      // A disk that fails for a moment: the next beat may pass, and a minute of silence is allowed.
    }
  }
}
