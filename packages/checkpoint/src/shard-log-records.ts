import { embeddingDtypeSchema, shardSchema, type EmbeddingDtype } from '@virnucpro/protocol';
import * as z from 'zod';

import { packRejectionSchema, rejectionReasonSchema, type PackRejection } from './rejection.ts';

/** What a log holds; docs/checkpoint-format.md. */
export const RECORD_TYPE = { header: 1, recordTable: 2, pack: 3, end: 4 } as const;
export const LOG_FORMAT_VERSION = 1;

export const shardLogHeaderSchema = z.strictObject({
  runId: z.string().min(1),
  settingsHash: z.string().min(1),
  shard: shardSchema,
  embeddingDim: z.int().positive(),
  dtype: embeddingDtypeSchema,
  packerVersion: z.string().min(1),
});
/** Which shard of which run, under which settings: a log with another header is another's. */
export type ShardLogHeader = z.infer<typeof shardLogHeaderSchema>;

export const recordOriginSchema = z.strictObject({
  /** Position in the shard of the nucleotide record. */
  record: z.int().nonnegative(),
  /** Its id. */
  id: z.string().min(1),
  /** Where in it the sequence was translated from; null for a record that was rejected as a whole. */
  frame: z
    .strictObject({
      /** Number of the chunk in its record, from 1. */
      chunk: z.int().positive(),
      label: z.enum(['F1', 'F2', 'F3', 'R1', 'R2', 'R3']),
      /** The codons are the record's bases start … end, from 1, on either strand. */
      start: z.int().positive(),
      end: z.int().positive(),
    })
    .nullable(),
});
/** Where a translated sequence comes from. */
export type RecordOrigin = z.infer<typeof recordOriginSchema>;

export const recordEntrySchema = z.strictObject({
  id: z.string().min(1),
  /** Residues embedded, after truncation; 0 when rejected. */
  residues: z.int().nonnegative(),
  truncated: z.boolean(),
  /** Why the loader rejected it. */
  rejection: z.strictObject({ reason: rejectionReasonSchema, detail: z.string() }).nullable(),
  /** Of translated sequences only. */
  origin: recordOriginSchema.optional(),
});
/** One sequence of a shard: a record, or what was translated from one. */
export type RecordEntry = z.infer<typeof recordEntrySchema>;

/** The rows of one pack. */
export interface PackEntry {
  readonly packIndex: number;
  /** Position in the shard, of each row. */
  readonly recordIndices: Uint32Array;
  /** [rows, embeddingDim], little-endian, of the log's dtype. */
  readonly rows: Uint8Array;
  /** Records of the pack that were given up. */
  readonly rejections: readonly PackRejection[];
  /** Anything that made this pack differ from plan; null as a rule. */
  readonly notes: Readonly<Record<string, string | number | boolean>> | null;
}

export const shardTotalsSchema = z.strictObject({
  packs: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
});
/** Sums over a finished shard; rejected counts those of the loader too. */
export type ShardTotals = z.infer<typeof shardTotalsSchema>;

const packMetaSchema = z.strictObject({
  rejections: z.array(packRejectionSchema),
  notes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable(),
});

const PACK_HEAD_BYTES = 12;

export function rowBytesOf(embeddingDim: number, dtype: EmbeddingDtype): number {
  return embeddingDim * (dtype === 'float32' ? 4 : 2);
}

/** u32 pack index, u32 rows, u32 bytes of JSON; JSON; u32 record index per row; rows. The rows are not copied. */
export function encodePack({ packIndex, recordIndices, rows, rejections, notes }: PackEntry): Uint8Array[] {
  const meta = Buffer.from(JSON.stringify({ rejections, notes }));
  const head = Buffer.alloc(PACK_HEAD_BYTES);
  head.writeUInt32LE(packIndex, 0);
  head.writeUInt32LE(recordIndices.length, 4);
  head.writeUInt32LE(meta.length, 8);
  const indices = new Uint8Array(Uint32Array.from(recordIndices).buffer);
  return [head, meta, indices, rows];
}

/** @throws {Error} when the payload is not a pack of this shape */
export function decodePack(payload: Buffer, rowBytes: number): PackEntry {
  const rowCount = payload.readUInt32LE(4);
  const indicesStart = PACK_HEAD_BYTES + payload.readUInt32LE(8);
  const rowsStart = indicesStart + 4 * rowCount;
  if (payload.length !== rowsStart + rowCount * rowBytes)
    throw new Error('the pack has another size than it says');
  const meta = packMetaSchema.parse(JSON.parse(payload.toString('utf8', PACK_HEAD_BYTES, indicesStart)));
  return {
    packIndex: payload.readUInt32LE(0),
    recordIndices: Uint32Array.from({ length: rowCount }, (_, row) =>
      payload.readUInt32LE(indicesStart + 4 * row),
    ),
    rows: payload.subarray(rowsStart),
    ...meta,
  };
}

/** The same bytes whatever the order of the header's keys was. */
export function encodeHeader(header: ShardLogHeader): Uint8Array[] {
  return encodeJson(shardLogHeaderSchema.parse(header));
}

export function encodeJson(value: unknown): Uint8Array[] {
  return [Buffer.from(JSON.stringify(value))];
}
