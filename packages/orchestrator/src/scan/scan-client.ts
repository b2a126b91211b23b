import { Worker } from 'node:worker_threads';

import type { ScanSummary } from '@virnucpro/fasta';
import { deserializeError, type Shard } from '@virnucpro/protocol';

import type { ScanMessage, ScanThreadData } from './scan-messages.ts';

/** A scan that runs in a thread of its own. */
export interface RunningScan {
  /** Rejects with the scan's error: bad input, unreadable file. */
  readonly summary: Promise<ScanSummary>;
  stop(): Promise<void>;
}

/** Starts to scan; `onShard` gets each shard as soon as it is cut, in input order. */
export function startScan(data: ScanThreadData, onShard: (shard: Shard) => void): RunningScan {
  const thread = new Worker(new URL(import.meta.resolve('@virnucpro/orchestrator/scan-thread')), {
    workerData: data,
  });
  const summary = new Promise<ScanSummary>((resolve, reject) => {
    thread.on('message', (message: ScanMessage) => {
      switch (message.type) {
        case 'shard':
          onShard(message.shard);
          return;
        case 'end':
          resolve(message.summary);
          return;
        case 'error':
          reject(deserializeError(message.error));
          return;
        default:
          message satisfies never;
      }
    });
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the scan thread ended early with code ${code}`)));
  });
  return {
    summary,
    stop: async () => {
      summary.catch(() => undefined);
      await thread.terminate();
    },
  };
}
