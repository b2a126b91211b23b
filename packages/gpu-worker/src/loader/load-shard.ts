import type { RecordEntry, RecordOrigin } from '@virnucpro/checkpoint/worker';
import { readShardBytes } from '@virnucpro/fasta';
import { createEsmTokenizer, readVocabulary, type ResidueTokenizer } from '@virnucpro/model/tokenizer';
import type { PackingMode, Shard, TranslationSettings } from '@virnucpro/protocol';

import { collateShard } from '../collate/collate-shard.ts';
import type { PackedBatch } from '../collate/packed-batch.ts';
import { uniqueSequences } from '../collate/unique-sequences.ts';
import { tokenizeShard, type TokenizeOptions } from './tokenize-shard.ts';
import type { TokenizedShard } from './tokenized-shard.ts';
import { translateShard } from './translate-shard.ts';

export interface LoadShardRequest extends Omit<TokenizeOptions, 'tokenizer'> {
  readonly shard: Shard;
  readonly path: string;
  /** The file as the user named it, for messages. */
  readonly displayPath: string;
  readonly vocabularyPath: string | null;
  readonly tokenBudget: number;
  readonly packing: PackingMode;
  /** Null when the records are proteins already. */
  readonly translation: TranslationSettings | null;
}

/** A shard ready to be computed: its packs, and its record table for the checkpoint log. */
export interface LoadedShard {
  readonly records: readonly RecordEntry[];
  readonly packs: readonly PackedBatch[];
  /** By record that is computed: those with the same residues, which get its row too. */
  readonly copies: ReadonlyMap<number, readonly number[]>;
  /** A token that takes the place of residues which must not be computed. */
  readonly harmlessToken: number;
  /** Of all its sequences, repeated ones too; BOS and EOS included. */
  readonly tokens: number;
  readonly loadMs: number;
}

/**
 * Reads, translates when asked to, tokenizes and packs one shard. Runs in a loader thread and never touches the device.
 *
 * @throws {InputError} INPUT_CHANGED when the bytes are not those that were scanned
 */
export async function loadShard(request: LoadShardRequest): Promise<LoadedShard> {
  const startedMs = performance.now();
  const tokenizer = await tokenizerFor(request.vocabularyPath);
  const bytes = await readShardBytes(request.path, request.displayPath, request.shard);
  const tokenized = tokenize(bytes, request, tokenizer);
  const { representatives, copies } = uniqueSequences(tokenized);
  const packs = collateShard(tokenized, representatives, request.tokenBudget, request.packing);
  return {
    records: recordTable(tokenized),
    packs,
    copies,
    harmlessToken: tokenizer.tokenOf[ALANINE] as number,
    tokens: tokenized.tokens.length,
    loadMs: performance.now() - startedMs,
  };
}

function tokenize(bytes: Uint8Array, request: LoadShardRequest, tokenizer: ResidueTokenizer): TokenizedShard {
  const { translation, shard } = request;
  return translation === null
    ? tokenizeShard(bytes, shard.recordCount, { ...request, tokenizer })
    : translateShard(bytes, { ...request, translation, tokenizer });
}

const ALANINE = 'A'.charCodeAt(0);

const tokenizers = new Map<string | null, Promise<ResidueTokenizer>>();

function tokenizerFor(vocabularyPath: string | null): Promise<ResidueTokenizer> {
  const known = tokenizers.get(vocabularyPath);
  if (known !== undefined) return known;
  const made =
    vocabularyPath === null
      ? Promise.resolve(createEsmTokenizer())
      : readVocabulary(vocabularyPath).then((vocabulary) => createEsmTokenizer(vocabulary));
  tokenizers.set(vocabularyPath, made);
  return made;
}

function recordTable(shard: TokenizedShard): RecordEntry[] {
  const rejections = new Map(shard.rejections.map((rejection) => [rejection.recordIndex, rejection]));
  return shard.ids.map((id, index) => {
    const rejection = rejections.get(index);
    const tokens = (shard.tokenOffsets[index + 1] as number) - (shard.tokenOffsets[index] as number);
    return {
      id,
      residues: Math.max(0, tokens - 2),
      truncated: shard.truncated[index] === 1,
      rejection: rejection === undefined ? null : { reason: rejection.reason, detail: rejection.detail },
      ...(shard.origins === null ? {} : { origin: shard.origins[index] as RecordOrigin }),
    };
  });
}
