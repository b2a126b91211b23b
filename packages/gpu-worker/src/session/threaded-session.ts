import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import { deserializeError, VirnucproError } from '@virnucpro/protocol';

import type { SessionOptions } from './inference-session.ts';
import { nowMs } from './serve-session.ts';
import type {
  PackInput,
  SessionReply,
  SessionRequest,
  SessionResult,
  SessionThreadData,
} from './session-messages.ts';
import { SessionState } from './session-state.ts';
import type { WarmUp } from './warm-up.ts';

interface PendingRun {
  readonly resolve: (result: SessionResult | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The main thread's end of the session thread (ADR 0001: `run` of onnxruntime-node blocks its thread).
 * Packs given to `run` wait in the thread's port, so the device finds the next one when it ends one.
 */
export class ThreadedSession {
  readonly #thread: Worker;
  readonly #port: MessagePort;
  readonly #state: SessionState;
  readonly #pending = new Map<number, PendingRun>();
  #nextRequestId = 0;

  private constructor(thread: Worker, port: MessagePort, state: SessionState) {
    this.#thread = thread;
    this.#port = port;
    this.#state = state;
  }

  /**
   * @param warmUp packs to be computed before the session is ready; null: none but the smallest
   * @param threadEntry the module that serves the session; its default is the ONNX Runtime session
   * @throws {VirnucproError} when the session cannot be opened
   */
  static async open(
    options: SessionOptions,
    warmUp: WarmUp | null,
    threadEntry: URL = defaultThreadEntry(),
  ): Promise<ThreadedSession> {
    const state = new SessionState();
    const { port1, port2 } = new MessageChannel();
    const data: SessionThreadData = { options, warmUp, state: state.buffer, port: port2 };
    const thread = new Worker(threadEntry, { workerData: data, transferList: [port2] });
    const session = new ThreadedSession(thread, port1, state);
    await session.#ready();
    return session;
  }

  deviceName = '';

  /** Packs handed over and not yet answered. */
  get depth(): number {
    return this.#pending.size;
  }

  /** How long the device has been at its present pack; null when it waits. */
  get currentPackMs(): number | null {
    return this.#state.currentPackMs(nowMs());
  }

  /**
   * Queues one pack. Its buffer moves to the session thread.
   *
   * @returns the rows, or null when the session drains and did not compute it
   */
  run({ inputIds, positionIds, cuSeqlens, tokenLimit }: PackInput): Promise<SessionResult | null> {
    const requestId = this.#nextRequestId;
    this.#nextRequestId += 1;
    return new Promise((resolve, reject) => {
      this.#pending.set(requestId, { resolve, reject });
      this.#send({ type: 'run', requestId, inputIds, positionIds, cuSeqlens, tokenLimit }, [
        inputIds.buffer as ArrayBuffer,
      ]);
    });
  }

  /** Lets the pack in the device end and skips those behind it. */
  drain(): void {
    this.#state.drain();
  }

  /** Ends the thread after the packs it has; the only order in which onnxruntime-node ends cleanly. */
  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#thread.once('exit', () => resolve()));
    this.#send({ type: 'close' }, []);
    await ended;
  }

  #send(request: SessionRequest, transfer: ArrayBuffer[]): void {
    this.#port.postMessage(request, transfer);
    this.#state.requestSent();
  }

  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#thread.once('error', (error) => this.#fail(error, reject));
      this.#thread.once('exit', (code) => this.#fail(unexpectedEnd(code), reject));
      this.#port.on('message', (message: SessionReply) => this.#receive(message, resolve, reject));
    });
  }

  #receive(message: SessionReply, ready: () => void, failed: (error: Error) => void): void {
    switch (message.type) {
      case 'ready':
        this.deviceName = message.deviceName;
        ready();
        return;
      case 'failed':
        failed(deserializeError(message.error));
        return;
      case 'result':
        this.#take(message.requestId).resolve(message);
        return;
      case 'skipped':
        this.#take(message.requestId).resolve(null);
        return;
      case 'error':
        this.#take(message.requestId).reject(deserializeError(message.error));
        return;
      default:
        message satisfies never;
    }
  }

  #take(requestId: number): PendingRun {
    const pending = this.#pending.get(requestId);
    if (pending === undefined)
      throw new Error(`the session answered request ${requestId}, which was not asked`);
    this.#pending.delete(requestId);
    return pending;
  }

  #fail(error: Error, failedToOpen: (error: Error) => void): void {
    failedToOpen(error);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

function unexpectedEnd(code: number): VirnucproError {
  return new VirnucproError(
    'SESSION_THREAD_ENDED',
    1,
    `The session thread ended with code ${code} while it was needed.`,
  );
}

function defaultThreadEntry(): URL {
  return new URL(import.meta.resolve('@virnucpro/gpu-worker/session-thread'));
}
