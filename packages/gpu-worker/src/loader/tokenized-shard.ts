import type { RecordOrigin, RejectionReason } from '@virnucpro/checkpoint/worker';

/**
 * The records of one shard, or the sequences translated from them, as tokens. Record i of the shard (0-based, input order) owns
 * `tokens[tokenOffsets[i] … tokenOffsets[i + 1])`: BOS, residues, EOS; nothing where it is rejected.
 */
export interface TokenizedShard {
  readonly ids: readonly string[];
  readonly tokens: Uint8Array<ArrayBuffer>;
  /** Length records + 1. */
  readonly tokenOffsets: Uint32Array<ArrayBuffer>;
  /** 1 where residues were cut off at the residue limit. */
  readonly truncated: Uint8Array<ArrayBuffer>;
  readonly rejections: readonly RecordRejection[];
  /** Where each was translated from; null where the records are proteins already. */
  readonly origins: readonly RecordOrigin[] | null;
}

export interface RecordRejection {
  /** Position of the record in its shard. */
  readonly recordIndex: number;
  readonly reason: RejectionReason;
  readonly detail: string;
}
