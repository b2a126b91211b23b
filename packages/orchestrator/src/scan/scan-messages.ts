import type { ScanOptions, ScanSummary } from '@virnucpro/fasta';
import type { SerializedError, Shard, TranslationSettings } from '@virnucpro/protocol';

/** What the scan thread is started with. */
export interface ScanThreadData extends Omit<ScanOptions, 'signal' | 'expect'> {
  /** Null when the records are proteins already. */
  readonly translation: TranslationSettings | null;
}

export type ScanMessage =
  | { readonly type: 'shard'; readonly shard: Shard }
  | { readonly type: 'end'; readonly summary: ScanSummary }
  | { readonly type: 'error'; readonly error: SerializedError };
