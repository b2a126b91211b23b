/** Finding and reading files, without scan and shards, so that `translate` starts fast. */
export { isBlank } from './byte-classes.ts';
export { decompressInto, type ByteSink } from './byte-source.ts';
export { noRecords, notFasta } from './fasta-error.ts';
export { resolveInputFiles, type InputFile } from './input-files.ts';
