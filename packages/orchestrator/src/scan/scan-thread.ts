import { parentPort, workerData } from 'node:worker_threads';

import { serializeError } from '@virnucpro/protocol';

import type { ScanMessage, ScanThreadData } from './scan-messages.ts';
import { scanInput } from './scan-input.ts';

/** The entry of the scan thread: reading gigabytes must not keep the parent from its workers. */
async function scan(data: ScanThreadData): Promise<void> {
  const shards = scanInput(data);
  for (let next = await shards.next(); ; next = await shards.next()) {
    if (next.done === true) {
      post({ type: 'end', summary: next.value });
      return;
    }
    post({ type: 'shard', shard: next.value });
  }
}

function post(message: ScanMessage): void {
  parentPort?.postMessage(message);
}

scan(workerData as ScanThreadData).catch((error: unknown) =>
  post({ type: 'error', error: serializeError(error) }),
);
