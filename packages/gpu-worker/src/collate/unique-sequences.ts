import type { TokenizedShard } from '../loader/tokenized-shard.ts';
import type { PackedBatch } from './packed-batch.ts';

/** Records of a shard with the same residues: the first of them stands for all. */
export interface UniqueSequences {
  /** Records to compute, ascending; rejected ones are not among them. */
  readonly representatives: readonly number[];
  /** By representative: the records that get its row too. Empty when no two are alike. */
  readonly copies: ReadonlyMap<number, readonly number[]>;
}

/**
 * Reads repeat each other; what is the same needs computing once. Compared are the tokens, after truncation and
 * upper-casing, so what counts is what the model would see. Pure.
 */
export function uniqueSequences({
  ids,
  tokens,
  tokenOffsets,
}: Pick<TokenizedShard, 'ids' | 'tokens' | 'tokenOffsets'>): UniqueSequences {
  const buffer = Buffer.from(tokens.buffer, tokens.byteOffset, tokens.byteLength);
  const firstWith = new Map<string, number>();
  const representatives: number[] = [];
  const copies = new Map<number, number[]>();
  for (let record = 0; record < ids.length; record += 1) {
    const start = tokenOffsets[record] as number;
    const end = tokenOffsets[record + 1] as number;
    if (start === end) continue;
    const content = buffer.toString('latin1', start, end);
    const first = firstWith.get(content);
    if (first === undefined) {
      firstWith.set(content, record);
      representatives.push(record);
    } else {
      const known = copies.get(first);
      if (known === undefined) copies.set(first, [record]);
      else known.push(record);
    }
  }
  return { representatives, copies };
}

export interface CopyCounts {
  readonly copiedSequences: number;
  /** BOS and EOS included. */
  readonly copiedTokens: number;
}

/** What a pack saves by the copies of its records. */
export function countCopies(
  { recordIndices, cuSeqlens }: Pick<PackedBatch, 'recordIndices' | 'cuSeqlens'>,
  copies: UniqueSequences['copies'],
): CopyCounts {
  let [copiedSequences, copiedTokens] = [0, 0];
  if (copies.size === 0) return { copiedSequences, copiedTokens };
  recordIndices.forEach((recordIndex, row) => {
    const count = copies.get(recordIndex)?.length ?? 0;
    copiedSequences += count;
    copiedTokens += count * ((cuSeqlens[row + 1] as number) - (cuSeqlens[row] as number));
  });
  return { copiedSequences, copiedTokens };
}
