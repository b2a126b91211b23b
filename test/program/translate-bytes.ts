import { NucleotideReader, RecordTranslator, type ChunkLength } from '@virnucpro/translate';

/** As VirNucPro translates. */
const DEFAULTS = { geneticCode: 1, minResidues: 1, orfs: false } as const;

/** The three output files, a character a byte. */
export interface TranslatedText {
  readonly chunks: string;
  readonly nucleotides: string;
  readonly proteins: string;
}

/** Translates FASTA that is read in pieces of so many bytes. */
export function translateBytes(
  bytes: Uint8Array,
  chunkLength: ChunkLength,
  pieceBytes = 65_536,
): TranslatedText {
  const reader = new NucleotideReader('test.fa');
  const translator = new RecordTranslator({ ...DEFAULTS, chunkLength });
  const text = { chunks: '', nucleotides: '', proteins: '' };
  const keep = (batches: ReturnType<RecordTranslator['flush']>): void => {
    for (const batch of batches) {
      for (const kind of ['chunks', 'nucleotides', 'proteins'] as const)
        text[kind] += Buffer.from(batch[kind]).toString('latin1');
    }
  };
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    for (const record of reader.push(bytes.subarray(from, from + pieceBytes))) keep(translator.add(record));
  }
  for (const record of reader.end()) keep(translator.add(record));
  keep(translator.flush());
  return text;
}
