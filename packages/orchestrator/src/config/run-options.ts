import {
  embeddingDtypeSchema,
  logLevelSchema,
  longSequencesSchema,
  poolingSchema,
  precisionSchema,
} from '@virnucpro/protocol';
import { CHUNK_LENGTHS, GENETIC_CODES, STANDARD_GENETIC_CODE } from '@virnucpro/translate';
import { z } from 'zod';

/** One option of `run`: the same name as flag, as VIRNUCPRO_ variable and as key of the configuration file. */
export interface RunOption<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly default: z.infer<Schema>;
  readonly describe: string;
  readonly group: string;
  /** Placeholder of the value in the help; boolean flags have none. */
  readonly value?: string;
  /** What the help says of a default that is worked out at run time. */
  readonly defaultDescription?: string;
}

const DEVICE = 'Device:';
const INPUT = 'Input and model:';
const TRANSLATION = 'Translation:';
const PACKING = 'Packing and shards:';
const RUN = 'Run:';
const NODES = 'Several nodes:';

const wholeNumber = (min: number, max: number): string =>
  `expected a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}`;

/** Whole numbers, also as text: flags and variables are text. */
const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value),
    z.int(wholeNumber(min, max)).min(min, wholeNumber(min, max)).max(max, wholeNumber(min, max)),
  );

const boolean = z.preprocess(
  (value) => (value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value),
  z.boolean('expected true or false'),
);

const text = z.string('expected text').min(1);

const option = <Schema extends z.ZodType>(entry: RunOption<Schema>): RunOption<Schema> => entry;

export const RUN_OPTIONS = {
  model: option({
    schema: text,
    default: 'demo',
    describe: 'HuggingFace directory of an ESM-2 model, or "demo" (random weights, made locally)',
    group: INPUT,
    value: 'DIR|demo',
  }),
  'max-residues': option({
    schema: integer(1, 100_000),
    default: 1022,
    describe: 'Longest sequence that is embedded whole',
    group: INPUT,
    value: 'N',
  }),
  long: option({
    schema: longSequencesSchema,
    default: 'truncate',
    describe: 'Sequences over --max-residues: cut at the C-terminal end, or rejected',
    group: INPUT,
    value: 'truncate|reject',
  }),
  'duplicate-ids': option({
    schema: z.enum(['error', 'keep']),
    default: 'error',
    describe: 'A record id that occurs twice: an error, or both are kept',
    group: INPUT,
    value: 'error|keep',
  }),
  'input-type': option({
    schema: z.enum(['auto', 'protein', 'nucleotide']),
    default: 'auto',
    describe:
      'What the records are; auto: told by their letters, and refused when it is not what is asked for',
    group: INPUT,
    value: 'auto|protein|nucleotide',
  }),
  translate: option({
    schema: boolean,
    default: false,
    describe:
      'The input is nucleotide FASTA: embed the open frames of its chunks, as the command translate gives them',
    group: TRANSLATION,
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
    group: TRANSLATION,
    value: CHUNK_LENGTHS.join('|'),
    defaultDescription: 'none: it must be given with --translate',
  }),
  'min-residues': option({
    schema: integer(1, 100_000),
    default: 1,
    describe: 'Frames, or pieces of them, with fewer residues are dropped',
    group: TRANSLATION,
    value: 'N',
  }),
  'genetic-code': option({
    schema: integer(1).refine(
      (code) => GENETIC_CODES.includes(code),
      `expected a translation table of NCBI: ${GENETIC_CODES.join(', ')}`,
    ),
    default: STANDARD_GENETIC_CODE,
    describe: "NCBI's number of the genetic code",
    group: TRANSLATION,
    value: 'N',
  }),
  orfs: option({
    schema: boolean,
    default: false,
    describe: 'A frame with stop codons gives its stop-free pieces; without this it gives nothing',
    group: TRANSLATION,
  }),
  pooling: option({
    schema: poolingSchema,
    default: 'mean',
    describe: 'Row of a sequence: mean or max over its residues, or its BOS token',
    group: INPUT,
    value: 'mean|bos|max',
  }),
  precision: option({
    schema: precisionSchema,
    default: 'fp32',
    describe: 'Numbers that the model computes with; fp16 is for GPUs: see model check',
    group: INPUT,
    value: 'fp32|fp16',
  }),
  dtype: option({
    schema: embeddingDtypeSchema,
    default: 'float32',
    describe: 'Numbers in embeddings.npy',
    group: INPUT,
    value: 'float32|float16',
  }),
  device: option({
    schema: z.enum(['auto', 'cuda', 'cpu']),
    default: 'auto',
    describe: 'auto: CUDA where a GPU and its libraries are found, else CPU',
    group: DEVICE,
    value: 'auto|cuda|cpu',
  }),
  gpus: option({
    schema: z.preprocess((value) => (typeof value === 'number' ? String(value) : value), text).nullable(),
    default: null,
    describe: 'GPUs to use, one worker each; positions in CUDA_VISIBLE_DEVICES where that is set',
    group: DEVICE,
    value: '0,1,2,3|all',
    defaultDescription: 'all when --device is cuda',
  }),
  workers: option({
    schema: integer(1, 1024).nullable(),
    default: null,
    describe: 'Worker processes on CPU',
    group: DEVICE,
    value: 'N',
    defaultDescription: 'by cores and memory',
  }),
  'threads-per-worker': option({
    schema: integer(1, 1024).nullable(),
    default: null,
    describe: 'CPU threads that compute in each worker',
    group: DEVICE,
    value: 'N',
    defaultDescription: 'cores / workers',
  }),
  'loader-threads': option({
    schema: integer(1, 64),
    default: 4,
    describe:
      'CPU threads that read, tokenize and pack in each worker, at most; one while the device does not wait',
    group: DEVICE,
    value: 'N',
  }),
  'token-budget': option({
    schema: z.union([z.literal('auto'), integer(16, 1_000_000)], 'expected "auto" or a whole number from 16'),
    default: 'auto',
    describe: 'Tokens per pack, BOS and EOS included',
    group: PACKING,
    value: 'auto|N',
  }),
  packing: option({
    schema: boolean,
    default: true,
    describe: 'Compute many sequences at once without padding; --no-packing: one by one',
    group: PACKING,
  }),
  'shard-tokens': option({
    schema: integer(16).nullable(),
    default: null,
    describe: 'Most tokens per shard, the unit of work and of retry',
    group: PACKING,
    value: 'N',
    defaultDescription: '64 packs',
  }),
  'checkpoint-interval': option({
    schema: integer(1, 86_400),
    default: 30,
    describe: 'Seconds between fsyncs of the checkpoint logs: what a power loss can cost',
    group: RUN,
    value: 'SEC',
  }),
  'hang-timeout': option({
    schema: z.union([z.literal('auto'), integer(1, 86_400)], 'expected "auto" or whole seconds from 1'),
    default: 'auto',
    describe: 'Seconds in one pack after which a worker counts as hung and is replaced',
    group: RUN,
    value: 'auto|SEC',
    defaultDescription: 'auto: 20 times the slowest pack so far, at least 60',
  }),
  'space-check': option({
    schema: boolean,
    default: true,
    describe: 'Refuse to start when the disk has no room for the results; --no-space-check: start anyway',
    group: RUN,
  }),
  'keep-checkpoints': option({
    schema: boolean,
    default: false,
    describe: 'Keep the checkpoint logs after the merge',
    group: RUN,
  }),
  'force-restart': option({
    schema: boolean,
    default: false,
    describe: 'Throw away what RUN_DIR holds of an earlier run and start over',
    group: RUN,
  }),
  'num-nodes': option({
    schema: z
      .union([z.literal('auto'), integer(1, 65_536)], 'expected "auto" or a whole number from 1')
      .nullable(),
    default: null,
    describe: 'Processes on several machines that share this run, each started alike; auto: as Slurm says',
    group: NODES,
    value: 'auto|N',
    defaultDescription: 'the tasks of the srun step, else 1',
  }),
  'node-rank': option({
    schema: integer(0, 65_535).nullable(),
    default: null,
    describe: 'Which of them this is, from 0',
    group: NODES,
    value: 'K',
    defaultDescription: 'by srun step or job array',
  }),
  'metrics-port': option({
    schema: integer(0, 65_535).nullable(),
    default: null,
    describe: 'Port on which Prometheus can read GET /metrics; 0: any that is free',
    group: RUN,
    value: 'N',
    defaultDescription: 'nothing listens',
  }),
  'metrics-host': option({
    schema: text,
    default: '127.0.0.1',
    describe: 'Address of the metrics port; anything but this machine itself lets others read along',
    group: RUN,
    value: 'HOST',
  }),
  'metrics-file': option({
    schema: text.nullable(),
    default: null,
    describe: 'File for the textfile collector of the Prometheus node exporter, every 15 seconds',
    group: RUN,
    value: 'FILE.prom',
    defaultDescription: 'none',
  }),
  'log-level': option({
    schema: logLevelSchema,
    default: 'info',
    describe: 'Detail of the log files and of the console',
    group: RUN,
    value: 'error|warn|info|debug',
  }),
  progress: option({
    schema: boolean,
    default: true,
    describe: 'Progress bars on a terminal, lines elsewhere; --no-progress: neither',
    group: RUN,
  }),
  json: option({
    schema: boolean,
    default: false,
    describe: 'JSON lines on standard output instead of text',
    group: RUN,
  }),
} as const satisfies Record<string, RunOption>;

export type RunOptionName = keyof typeof RUN_OPTIONS;

/** The settings of a run, complete and checked. */
export type RunSettings = {
  readonly [Name in RunOptionName]: z.infer<(typeof RUN_OPTIONS)[Name]['schema']>;
};

export const RUN_OPTION_NAMES = Object.keys(RUN_OPTIONS) as RunOptionName[];
