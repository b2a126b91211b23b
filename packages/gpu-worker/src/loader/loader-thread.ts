import { serializeError, type SerializedError } from '@virnucpro/protocol/errors';
import { Piscina, move } from 'piscina';

import { loadShard, type LoadedShard, type LoadShardRequest } from './load-shard.ts';

/** Errors travel as values: structured clone would strip their code and details. */
export type LoaderReply =
  | { readonly ok: true; readonly loaded: LoadedShard }
  | { readonly ok: false; readonly error: SerializedError };

/** The piscina task. The packs' buffers change owner, they are not copied. */
export default async function loadShardTask(request: LoadShardRequest): Promise<LoaderReply> {
  try {
    const loaded = await loadShard(request);
    return moved(
      { ok: true, loaded },
      loaded.packs.map(({ inputIds }) => inputIds.buffer),
    );
  } catch (error) {
    return { ok: false, error: serializeError(error) };
  }
}

/** The task that makes a thread ready: by now all its modules are loaded. */
export function prepare(): void {
  // Nothing is left to do.
}

function moved<T>(value: T, buffers: readonly ArrayBuffer[]): T {
  const transferable = { [Piscina.transferableSymbol]: buffers, [Piscina.valueSymbol]: value };
  // piscina unwraps the value on arrival; its types describe the wrapper.
  return move(transferable as unknown as ArrayBuffer) as unknown as T;
}
