import type { RecordOrigin } from '@virnucpro/checkpoint/worker';
import { forEachRecord, isBlank, type FastaRecord } from '@virnucpro/fasta';
import type { TranslationSettings } from '@virnucpro/protocol';
import { frameId, NUCLEOTIDE_TOKENS, planChunks, SixFrames } from '@virnucpro/translate';

import { SequenceTable } from './sequence-table.ts';
import { describeByte, type TokenizeOptions } from './tokenize-shard.ts';
import type { TokenizedShard } from './tokenized-shard.ts';

export interface TranslateOptions extends TokenizeOptions {
  readonly translation: TranslationSettings;
}

/** All sequences of a record are in one shard, and a shard is held in memory: here, and in the merge with its rows. */
const MAX_SEQUENCES_PER_RECORD = 1_000_000;

/**
 * Turns the nucleotide records of a shard into the tokens of their open frames, in the order and with the ids of
 * `translate`. A record without bases, with a letter that is none, or with too many frames is rejected as a whole; one
 * without an open frame leaves no trace. Pure, but for `bytes`: they are written over.
 *
 * @param bytes the shard's byte range, starting at a '>'
 * @param maxSequences of one record
 */
export function translateShard(
  bytes: Uint8Array,
  options: TranslateOptions,
  maxSequences = MAX_SEQUENCES_PER_RECORD,
): TokenizedShard {
  const table = new SequenceTable(options);
  const sixFrames = new SixFrames(options.translation);
  let record = 0;
  forEachRecord(bytes, 0, (place) => {
    const problem = translateRecord(bytes, place, record, { table, sixFrames, options, maxSequences });
    if (problem !== null) table.addRejected(place.id, { record, id: place.id, frame: null }, problem);
    record += 1;
  });
  return table.finish();
}

interface Translator {
  readonly table: SequenceTable;
  readonly sixFrames: SixFrames;
  readonly options: TranslateOptions;
  readonly maxSequences: number;
}

type Problem = Parameters<SequenceTable['addRejected']>[2];

/** @returns why the record is rejected; null when it is not */
function translateRecord(
  bytes: Uint8Array,
  place: FastaRecord,
  record: number,
  { table, sixFrames, options, maxSequences }: Translator,
): Problem | null {
  const sequence = compactBases(bytes, place);
  if (!(sequence instanceof Uint8Array)) return sequence;
  if (sequence.length === 0) return { reason: 'empty', detail: 'the record has no bases' };
  const plan = planChunks(sequence.length, options.translation.chunkLength);
  const before = table.length;
  for (let index = 0; index < plan.count; index += 1) {
    for (const frame of sixFrames.translate(sequence, plan.start(index), plan.end(index))) {
      const { label, start, end, protein } = frame;
      const chunk = index + 1;
      const origin: RecordOrigin = {
        record,
        id: place.id,
        frame: { chunk, label, start: start + 1, end },
      };
      table.add(frameId(place.id, chunk, frame), protein, origin);
    }
    if (table.length - before > maxSequences) {
      table.cutBack(before);
      return tooManySequences(sequence.length, maxSequences);
    }
  }
  return null;
}

/** Moves the bases of a record together, where they are; nothing behind them is touched. */
function compactBases(bytes: Uint8Array, { sequenceStart, sequenceEnd }: FastaRecord): Uint8Array | Problem {
  let length = 0;
  for (let at = sequenceStart; at < sequenceEnd; at += 1) {
    const byte = bytes[at] as number;
    if (NUCLEOTIDE_TOKENS[byte] === 0) bytes[sequenceStart + length++] = byte;
    else if (!isBlank(byte)) {
      const detail = `${describeByte(byte)} at base ${length + 1} is no nucleotide letter`;
      return { reason: 'invalid-character', detail };
    }
  }
  return bytes.subarray(sequenceStart, sequenceStart + length);
}

function tooManySequences(bases: number, maxSequences: number): Problem {
  return {
    reason: 'too-long',
    detail: `${bases} bases give more than ${maxSequences} sequences; split the record`,
  };
}
