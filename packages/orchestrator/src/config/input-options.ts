import {
  embeddingDtypeSchema,
  longSequencesSchema,
  poolingSchema,
  precisionSchema,
} from '@virnucpro/protocol';
import * as z from 'zod';

import { integer, option, text, type RunOption } from './option.ts';

const GROUP = 'Input and model:';

/** What is embedded, and what a row is. */
export const INPUT_OPTIONS = {
  model: option({
    schema: text,
    default: 'demo',
    describe: 'HuggingFace directory of an ESM-2 model, or "demo" (random weights, made locally)',
    group: GROUP,
    value: 'DIR|demo',
  }),
  'max-residues': option({
    schema: integer(1, 100_000),
    default: 1022,
    describe: 'Longest sequence that is embedded whole',
    group: GROUP,
    value: 'N',
  }),
  long: option({
    schema: longSequencesSchema,
    default: 'truncate',
    describe: 'Sequences over --max-residues: cut at the C-terminal end, or rejected',
    group: GROUP,
    value: 'truncate|reject',
  }),
  'duplicate-ids': option({
    schema: z.enum(['error', 'keep']),
    default: 'error',
    describe: 'A record id that occurs twice: an error, or both are kept',
    group: GROUP,
    value: 'error|keep',
  }),
  'input-type': option({
    schema: z.enum(['auto', 'protein', 'nucleotide']),
    default: 'auto',
    describe:
      'What the records are; auto: told by their letters, and refused when it is not what is asked for',
    group: GROUP,
    value: 'auto|protein|nucleotide',
  }),
  pooling: option({
    schema: poolingSchema,
    default: 'mean',
    describe: 'Row of a sequence: mean or max over its residues, or its BOS token',
    group: GROUP,
    value: 'mean|bos|max',
  }),
  precision: option({
    schema: precisionSchema,
    default: 'fp32',
    describe: 'Numbers that the model computes with; fp16 is for GPUs, int8 for CPUs: see model check',
    group: GROUP,
    value: 'fp32|fp16|int8',
  }),
  dtype: option({
    schema: embeddingDtypeSchema,
    default: 'float32',
    describe: 'Numbers in embeddings.npy',
    group: GROUP,
    value: 'float32|float16',
  }),
} as const satisfies Record<string, RunOption>;
