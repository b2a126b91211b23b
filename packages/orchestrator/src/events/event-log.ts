import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

import type { RunEvent, TimedRunEvent } from './run-event.ts';

/** Appends events to events.jsonl, and to a second stream when a program follows the run. */
export class EventLog {
  readonly #file: WriteStream;
  readonly #follower: NodeJS.WritableStream | null;
  readonly #now: () => Date;

  constructor(path: string, follower: NodeJS.WritableStream | null, now: () => Date) {
    this.#file = createWriteStream(path, { flags: 'a', mode: 0o644 });
    // A log that cannot be written (a full disk) must not end the work.
    this.#file.on('error', () => undefined);
    this.#follower = follower;
    this.#now = now;
  }

  emit(event: RunEvent): void {
    const timed: TimedRunEvent = { time: this.#now().toISOString(), ...event };
    const line = `${JSON.stringify(timed)}\n`;
    if (this.#file.writable) this.#file.write(line);
    this.#follower?.write(line);
  }

  async close(): Promise<void> {
    this.#file.end();
    await finished(this.#file).catch(() => undefined);
  }
}
