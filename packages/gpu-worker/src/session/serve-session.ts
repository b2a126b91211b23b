import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

import { serializeError } from '@virnucpro/protocol/errors';

import { computePack } from './compute-pack.ts';
import type { CreateInferenceSession, InferenceSession, SessionOptions } from './inference-session.ts';
import { MemoryBudget } from './memory-budget.ts';
import { RetrySession, type BudgetedSession } from './retry-session.ts';
import type { SessionReply, SessionRequest, SessionResult, SessionThreadData } from './session-messages.ts';
import { SessionState } from './session-state.ts';
import { computeLargest, smallestPack } from './warm-up.ts';

type RunRequest = Extract<SessionRequest, { type: 'run' }>;

/**
 * The session thread: computes packs in the order of their arrival until it is told to close.
 * The next pack is taken straight from the port, not through the event loop: the device does not wait for a turn.
 */
export async function serveSession(
  data: SessionThreadData,
  createSession: CreateInferenceSession,
): Promise<void> {
  const { port } = data;
  const session = await openSession(data, createSession);
  if (session === null) return;
  const state = new SessionState(data.state);
  const first = { session, budget: new MemoryBudget() };
  const retry = new RetrySession(first, data.options, createSession);
  let idleSinceMs = nowMs();
  for (;;) {
    const request = nextRequest(port, state);
    if (request.type === 'close') break;
    const waitMs = nowMs() - idleSinceMs;
    await answer({ port, first, retry, state, options: data.options }, request, waitMs);
    idleSinceMs = nowMs();
  }
  await retry.close();
  await session.close();
  port.close();
}

async function openSession(
  { port, options, warmUp }: SessionThreadData,
  createSession: CreateInferenceSession,
): Promise<InferenceSession | null> {
  try {
    const session = await createSession(options);
    await session.run(smallestPack());
    if (warmUp !== null) await computeLargest(session, warmUp);
    reply(port, { type: 'ready', deviceName: session.deviceName });
    return session;
  } catch (error) {
    reply(port, { type: 'failed', error: serializeError(error) });
    port.close();
    return null;
  }
}

/** Blocks until a request is there; the counter is read before the port, so that no wake-up is missed. */
function nextRequest(port: MessagePort, state: SessionState): SessionRequest {
  for (;;) {
    const seen = state.requestsSent;
    const received = receiveMessageOnPort(port) as { message: SessionRequest } | undefined;
    if (received !== undefined) return received.message;
    state.waitForRequest(seen);
  }
}

interface Served {
  readonly port: MessagePort;
  readonly first: BudgetedSession;
  readonly retry: RetrySession;
  readonly state: SessionState;
  readonly options: SessionOptions;
}

async function answer(
  { port, first, retry, state, options }: Served,
  request: RunRequest,
  waitMs: number,
): Promise<void> {
  const { requestId } = request;
  if (state.draining) {
    reply(port, { type: 'skipped', requestId });
    return;
  }
  const startedMs = nowMs();
  state.packStarted(startedMs);
  try {
    const computed = await computePack(first, request, options, () => retry.open(), request.tokenLimit);
    const result: SessionResult = { ...computed, waitMs, busyMs: nowMs() - startedMs };
    reply(port, { type: 'result', requestId, ...result }, [computed.rows.buffer]);
  } catch (error) {
    reply(port, { type: 'error', requestId, error: serializeError(error) });
  } finally {
    state.packEnded();
  }
}

function reply(port: MessagePort, message: SessionReply, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

/** The same clock in all threads of the process. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
