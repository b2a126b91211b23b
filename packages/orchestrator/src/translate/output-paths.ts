import {
  CHUNK_LENGTHS,
  TRANSLATION_FILES,
  type ChunkLength,
  type TranslationFile,
} from '@virnucpro/translate';

/** The names that VirNucPro gives its files (prediction.py, lines 100 to 105); PREFIX is all that comes before. */
export function translateOutputPaths(
  prefix: string,
  chunkLength: ChunkLength,
): Readonly<Record<TranslationFile, string>> {
  return {
    chunks: `${prefix}_chunked${chunkLength}.fa`,
    nucleotides: `${prefix}_identified_nucleotide.fa`,
    proteins: `${prefix}_identified_protein.faa`,
  };
}

export type TranslateOutputPaths = ReturnType<typeof translateOutputPaths>;

/** Of every file that any translation gives this PREFIX. */
export function pathsOfPrefix(prefix: string): ReadonlySet<string> {
  const paths = CHUNK_LENGTHS.map((chunkLength) => translateOutputPaths(prefix, chunkLength));
  return new Set(paths.flatMap((each) => TRANSLATION_FILES.all.map((file) => each[file])));
}
