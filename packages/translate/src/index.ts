export { CHUNK_LENGTHS, planChunks, type ChunkLength, type ChunkPlan } from './chunk-plan.ts';
export {
  TRANSLATION_FILES,
  type TranslatedBytes,
  type TranslationFile,
  type WantedFiles,
} from './chunk-writer.ts';
export { expectedYield, type ExpectedYield } from './expected-yield.ts';
export { frameId } from './frame-id.ts';
export { GENETIC_CODES, STANDARD_GENETIC_CODE } from './genetic-codes.ts';
export { NUCLEOTIDE_TOKENS } from './nucleotide-letters.ts';
export { MAX_RECORD_BASES, NucleotideReader, type NucleotideRecord } from './nucleotide-reader.ts';
export { RecordTranslator, type TranslationTotals } from './record-translator.ts';
export { SixFrames, type FrameLabel, type OpenFrame } from './six-frames.ts';
