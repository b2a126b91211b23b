// @ts-check
/** The library of `translate` without the command: FASTA in, one file of proteins out. Arguments: input, output. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

import { NucleotideReader, RecordTranslator } from '@virnucpro/translate';

const [inputPath = '', outputPath = ''] = process.argv.slice(2);
const [input, output] = [openSync(inputPath, 'r'), openSync(outputPath, 'w')];
const reader = new NucleotideReader(inputPath);
const settings = /** @type {const} */ ({ chunkLength: 300, geneticCode: 1, minResidues: 1, orfs: false });
const translator = new RecordTranslator(settings, 'proteins');
const buffer = new Uint8Array(256 * 1024);

/** @param {Iterable<import('@virnucpro/translate').TranslatedBytes>} batches */
function write(batches) {
  for (const { proteins } of batches) writeSync(output, proteins);
}

/** @param {Iterable<import('@virnucpro/translate').NucleotideRecord>} records */
function translate(records) {
  for (const record of records) write(translator.add(record));
}

for (;;) {
  const count = readSync(input, buffer);
  if (count === 0) break;
  translate(reader.push(buffer.subarray(0, count)));
}
translate(reader.end());
write(translator.flush());
closeSync(input);
closeSync(output);
