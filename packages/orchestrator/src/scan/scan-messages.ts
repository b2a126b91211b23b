import type { ScanOptions, ScanSummary } from '@virnucpro/fasta';
import type { SerializedError, Shard } from '@virnucpro/protocol';

/** What the scan thread is started with. */
export type ScanThreadData = Omit<ScanOptions, 'signal'>;

export type ScanMessage =
  | { readonly type: 'shard'; readonly shard: Shard }
  | { readonly type: 'end'; readonly summary: ScanSummary }
  | { readonly type: 'error'; readonly error: SerializedError };
