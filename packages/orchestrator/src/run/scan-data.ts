import type { PlainFile } from '@virnucpro/fasta';
import { createEsmTokenizer, readVocabulary, type PreparedModel } from '@virnucpro/model';

import type { ScanThreadData } from '../scan/scan-messages.ts';
import type { ByteSettings } from './fingerprint.ts';

/** Bounds the memory that a shard takes in the merge. */
const MAX_RECORDS_PER_SHARD = 16_384;

/** What a scan must know of a run: which letters are residues, how shards are cut, what is rejected. */
export async function scanData(
  { vocabularyPath }: Pick<PreparedModel, 'vocabularyPath'>,
  settings: ByteSettings,
  files: readonly PlainFile[],
): Promise<ScanThreadData> {
  const vocabulary = vocabularyPath === null ? undefined : await readVocabulary(vocabularyPath);
  return {
    files,
    tokenOf: createEsmTokenizer(vocabulary).tokenOf,
    policy: {
      tokenBudget: settings.tokenBudget,
      shardTokens: settings.shardTokens,
      maxRecordsPerShard: MAX_RECORDS_PER_SHARD,
    },
    maxResidues: settings.maxResidues,
    longSequences: settings.long,
    duplicateIds: settings.duplicateIds,
  };
}
