import type { PackingMode } from '@virnucpro/protocol';

import type { TokenizedShard } from '../loader/tokenized-shard.ts';
import type { PackedBatch } from './packed-batch.ts';
import { VarlenCollator } from './varlen-collator.ts';

/**
 * Packs a whole shard at once, which fills packs best and makes them a pure function of shard and settings.
 *
 * @param records those to compute, ascending
 * @param tokenBudget tokens per pack, BOS and EOS included
 */
export function collateShard(
  shard: TokenizedShard,
  records: readonly number[],
  tokenBudget: number,
  packing: PackingMode,
): PackedBatch[] {
  const collator = new VarlenCollator({
    tokenBudget,
    enablePacking: packing === 'packed',
    bufferSize: Number.POSITIVE_INFINITY,
  });
  for (const recordIndex of records) {
    const tokens = shard.tokens.subarray(
      shard.tokenOffsets[recordIndex],
      shard.tokenOffsets[recordIndex + 1],
    );
    collator.add({ id: shard.ids[recordIndex] as string, recordIndex, tokens });
  }
  return collator.flush();
}
