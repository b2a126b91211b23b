import { createHash } from 'node:crypto';

import type { Manifest } from '@virnucpro/checkpoint';
import type { ScanSummary } from '@virnucpro/fasta';
import type { Shard } from '@virnucpro/protocol';

/** What the scan found, with a digest over all shards and their checksums: the identity of the input. */
export function scanRecord(
  { records, residues, tokens }: ScanSummary,
  shards: readonly Shard[],
): NonNullable<Manifest['scan']> {
  return { records, residues, tokens, shards: shards.length, digest: digestOf(shards) };
}

function digestOf(shards: readonly Shard[]): string {
  const hash = createHash('sha256');
  for (const { fileIndex, byteStart, byteEnd, crc32 } of shards)
    hash.update(`${fileIndex} ${byteStart} ${byteEnd} ${crc32}\n`);
  return hash.digest('hex');
}
