const PACK_STARTED_MS = 0;
const NUMBER_SLOTS = 1;
const REQUESTS_SENT = 0;
const DRAINING = 1;
const FLAG_SLOTS = 2;

/**
 * What the session thread and the main thread share beside messages: the session thread answers none while it
 * computes, and it sleeps on the request counter, not in its event loop.
 */
export class SessionState {
  readonly buffer: SharedArrayBuffer;
  readonly #numbers: Float64Array;
  readonly #flags: Int32Array;

  constructor(buffer?: SharedArrayBuffer) {
    const numberBytes = NUMBER_SLOTS * Float64Array.BYTES_PER_ELEMENT;
    this.buffer = buffer ?? new SharedArrayBuffer(numberBytes + FLAG_SLOTS * Int32Array.BYTES_PER_ELEMENT);
    this.#numbers = new Float64Array(this.buffer, 0, NUMBER_SLOTS);
    this.#flags = new Int32Array(this.buffer, numberBytes, FLAG_SLOTS);
  }

  packStarted(nowMs: number): void {
    this.#numbers[PACK_STARTED_MS] = nowMs;
  }

  packEnded(): void {
    this.#numbers[PACK_STARTED_MS] = 0;
  }

  /** @returns how long the pack in the device has been computing, or null when there is none */
  currentPackMs(nowMs: number): number | null {
    const startedMs = this.#numbers[PACK_STARTED_MS] as number;
    return startedMs === 0 ? null : Math.max(0, nowMs - startedMs);
  }

  /** From now on the session thread skips packs instead of computing them. */
  drain(): void {
    Atomics.store(this.#flags, DRAINING, 1);
  }

  get draining(): boolean {
    return Atomics.load(this.#flags, DRAINING) === 1;
  }

  /** Called after a request was posted. */
  requestSent(): void {
    Atomics.add(this.#flags, REQUESTS_SENT, 1);
    Atomics.notify(this.#flags, REQUESTS_SENT);
  }

  get requestsSent(): number {
    return Atomics.load(this.#flags, REQUESTS_SENT);
  }

  /** Sleeps until more than `seen` requests were sent. Blocks the calling thread. */
  waitForRequest(seen: number): void {
    Atomics.wait(this.#flags, REQUESTS_SENT, seen);
  }
}
