import type { ExpectedOfRecord, PlainFile } from '@virnucpro/fasta';
import { createEsmTokenizer, readVocabulary, type PreparedModel } from '@virnucpro/model';
import type { TranslationSettings } from '@virnucpro/protocol';
import { expectedYield, NUCLEOTIDE_TOKENS } from '@virnucpro/translate';

import type { ScanThreadData } from '../scan/scan-messages.ts';
import { translationOf, type ByteSettings } from './fingerprint.ts';

/** Bounds the memory that a shard takes in the merge. */
const MAX_RECORDS_PER_SHARD = 16_384;

/** What a scan must know of a run: which letters are residues, how shards are cut, what is rejected. */
export async function scanData(
  { vocabularyPath }: Pick<PreparedModel, 'vocabularyPath'>,
  settings: ByteSettings,
  files: readonly PlainFile[],
): Promise<ScanThreadData> {
  const { tokenBudget, shardTokens, duplicateIds } = settings;
  const policy = { tokenBudget, shardTokens, maxRecordsPerShard: MAX_RECORDS_PER_SHARD };
  const translation = translationOf(settings);
  if (translation !== null) return nucleotideScanData(translation, { files, policy, duplicateIds });
  const vocabulary = vocabularyPath === null ? undefined : await readVocabulary(vocabularyPath);
  return {
    files,
    tokenOf: createEsmTokenizer(vocabulary).tokenOf,
    policy,
    maxResidues: settings.maxResidues,
    longSequences: settings.long,
    duplicateIds,
    translation,
  };
}

/** No record is too long here: the residue limit is for what is translated from it. */
function nucleotideScanData(
  translation: TranslationSettings,
  common: Pick<ScanThreadData, 'files' | 'policy' | 'duplicateIds'>,
): ScanThreadData {
  return {
    ...common,
    tokenOf: NUCLEOTIDE_TOKENS,
    policy: { ...common.policy, tokensPerByte: expectedPerBase(translation).tokens },
    maxResidues: Number.POSITIVE_INFINITY,
    longSequences: 'reject',
    translation,
  };
}

/** Of a whole chunk, spread over its bases. */
export function expectedPerBase(translation: TranslationSettings): ExpectedOfRecord {
  const { sequences, tokens } = expectedYield(translation)(translation.chunkLength);
  return { sequences: sequences / translation.chunkLength, tokens: tokens / translation.chunkLength };
}
