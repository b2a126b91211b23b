import { CHUNK_LENGTHS, GENETIC_CODES, STANDARD_GENETIC_CODE } from '@virnucpro/translate';
import * as z from 'zod';

import { boolean, integer, option, type RunOption } from './option.ts';

const GROUP = 'Translation:';

/** Nucleotide input. */
export const TRANSLATION_OPTIONS = {
  translate: option({
    schema: boolean,
    default: false,
    describe:
      'The input is nucleotide FASTA: embed the open frames of its chunks, as the command translate gives them',
    group: GROUP,
  }),
  chunk: option({
    schema: z
      .preprocess(
        (value) => (typeof value === 'string' ? Number(value) : value),
        z.literal(CHUNK_LENGTHS, `expected ${CHUNK_LENGTHS.join(' or ')}`),
      )
      .nullable(),
    default: null,
    describe: 'Length of a chunk in bases, as the classifier was trained',
    group: GROUP,
    value: CHUNK_LENGTHS.join('|'),
    defaultDescription: 'none: translation needs it',
  }),
  'min-residues': option({
    schema: integer(1, 100_000),
    default: 1,
    describe: 'Frames, or pieces of them, with fewer residues are dropped',
    group: GROUP,
    value: 'N',
  }),
  'genetic-code': option({
    schema: integer(1).refine(
      (code) => GENETIC_CODES.includes(code),
      `expected a translation table of NCBI: ${GENETIC_CODES.join(', ')}`,
    ),
    default: STANDARD_GENETIC_CODE,
    describe: "NCBI's number of the genetic code",
    group: GROUP,
    value: 'N',
  }),
  orfs: option({
    schema: boolean,
    default: false,
    describe: 'A frame with stop codons gives its stop-free pieces; without this it gives nothing',
    group: GROUP,
  }),
} as const satisfies Record<string, RunOption>;
