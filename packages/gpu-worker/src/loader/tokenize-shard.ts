import { forEachRecord, type FastaRecord } from '@virnucpro/fasta';
import { NOT_A_RESIDUE, type ResidueTokenizer } from '@virnucpro/model/tokenizer';
import type { LongSequences } from '@virnucpro/protocol';

import type { RecordRejection, TokenizedShard } from './tokenized-shard.ts';

export interface TokenizeOptions {
  readonly tokenizer: ResidueTokenizer;
  /** Residues above this are cut off at the C-terminal end, or the record is rejected. */
  readonly maxResidues: number;
  readonly longSequences: LongSequences;
}

const STAR = '*'.charCodeAt(0);
const SPECIAL_TOKENS = 2;

/**
 * Turns the bytes of a shard into tokens: BOS, one token per residue, EOS. White space is skipped, one
 * trailing `*` is dropped. Pure.
 *
 * @param bytes the shard's byte range, starting at a '>'
 */
export function tokenizeShard(
  bytes: Uint8Array,
  recordCount: number,
  options: TokenizeOptions,
): TokenizedShard {
  const buffer = new Uint8Array(bytes.length + SPECIAL_TOKENS * recordCount);
  const tokenOffsets = new Uint32Array(recordCount + 1);
  const truncated = new Uint8Array(recordCount);
  const ids: string[] = [];
  const rejections: RecordRejection[] = [];
  let end = 0;
  forEachRecord(bytes, 0, (record) => {
    const recordIndex = ids.length;
    ids.push(record.id);
    const outcome = tokenizeRecord(bytes, record, buffer, end, options);
    if (typeof outcome === 'object') rejections.push({ recordIndex, ...outcome });
    else {
      const residues = Math.min(outcome, options.maxResidues);
      if (residues < outcome) truncated[recordIndex] = 1;
      buffer[end + 1 + residues] = options.tokenizer.eosId;
      end += residues + SPECIAL_TOKENS;
    }
    tokenOffsets[recordIndex + 1] = end;
  });
  return { ids, tokens: buffer.slice(0, end), tokenOffsets, truncated, rejections, origins: null };
}

type Rejection = Pick<RecordRejection, 'reason' | 'detail'>;

/** Writes BOS and all residues from `start` on; returns the number of residues, or why the record is rejected. */
function tokenizeRecord(
  bytes: Uint8Array,
  record: FastaRecord,
  out: Uint8Array,
  start: number,
  options: TokenizeOptions,
): number | Rejection {
  const { tokenOf, bosId } = options.tokenizer;
  const last = lastVisibleByte(bytes, record.sequenceStart, record.sequenceEnd);
  const end = last >= record.sequenceStart && bytes[last] === STAR ? last : last + 1;
  out[start] = bosId;
  let next = start + 1;
  for (let at = record.sequenceStart; at < end; at += 1) {
    const byte = bytes[at] as number;
    const token = tokenOf[byte] as number;
    if (token !== NOT_A_RESIDUE) out[next++] = token;
    else if (!isBlank(byte)) return invalidCharacter(byte, next - start);
  }
  const residues = next - start - 1;
  if (residues === 0) return { reason: 'empty', detail: 'the record has no residues' };
  if (residues > options.maxResidues && options.longSequences === 'reject') {
    return { reason: 'too-long', detail: `${residues} residues, at most ${options.maxResidues} allowed` };
  }
  return residues;
}

function lastVisibleByte(bytes: Uint8Array, start: number, end: number): number {
  let last = end - 1;
  while (last >= start && isBlank(bytes[last] as number)) last -= 1;
  return last;
}

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

function invalidCharacter(byte: number, residue: number): Rejection {
  return {
    reason: 'invalid-character',
    detail: `${describeByte(byte)} at residue ${residue} is no amino acid letter`,
  };
}

/** `"1" (0x31)` */
export function describeByte(byte: number): string {
  const shown = byte > 32 && byte < 127 ? `"${String.fromCharCode(byte)}"` : 'a byte';
  return `${shown} (0x${byte.toString(16).padStart(2, '0')})`;
}
