export { CHUNK_LENGTHS, planChunks, type ChunkLength, type ChunkPlan } from './chunk-plan.ts';
export { NucleotideReader, type NucleotideRecord } from './nucleotide-reader.ts';
export { RecordTranslator, type TranslatedBytes, type TranslationTotals } from './record-translator.ts';
