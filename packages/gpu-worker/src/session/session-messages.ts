import type { MessagePort } from 'node:worker_threads';

import type { SerializedError } from '@virnucpro/protocol';

import type { SessionInput, SessionOptions } from './inference-session.ts';
import type { WarmUp } from './warm-up.ts';

/** What the session thread is started with. */
export interface SessionThreadData {
  readonly options: SessionOptions;
  /** Packs to be computed before the session is ready; null: none but the smallest. */
  readonly warmUp: WarmUp | null;
  /** Shared with the main thread: see SessionState. */
  readonly state: SharedArrayBuffer;
  readonly port: MessagePort;
}

/** A pack, and the most tokens of it to be computed at once where that is limited. */
export interface PackInput extends SessionInput {
  readonly tokenLimit?: number | undefined;
}

export type SessionRequest =
  ({ readonly type: 'run'; readonly requestId: number } & PackInput) | { readonly type: 'close' };

export type SessionReply =
  | { readonly type: 'ready'; readonly deviceName: string }
  | { readonly type: 'failed'; readonly error: SerializedError }
  | ({ readonly type: 'result'; readonly requestId: number } & SessionResult)
  /** Not computed, because the worker drains. */
  | { readonly type: 'skipped'; readonly requestId: number }
  | { readonly type: 'error'; readonly requestId: number; readonly error: SerializedError };

export interface SessionResult {
  /** [n, embeddingDim], in the order of the pack, little-endian. */
  readonly rows: Uint8Array<ArrayBuffer>;
  /** Rows that stayed NaN or infinite after a second try. */
  readonly nonFiniteRows: readonly number[];
  /** In how many parts it was computed: 1, unless memory was short. */
  readonly parts: number;
  /** Time the device waited for this pack: measured around its fetch, before it was computed. */
  readonly waitMs: number;
  /** Time spent computing it. */
  readonly busyMs: number;
}
