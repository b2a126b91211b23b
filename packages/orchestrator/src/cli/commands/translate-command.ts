import { EXIT_CODES, UsageError } from '@virnucpro/protocol';
import { CHUNK_LENGTHS, type ChunkLength } from '@virnucpro/translate';
import type { Argv, CommandModule } from 'yargs';

import { formatCount } from '../../progress/format.ts';
import type { Finish, RunContext } from '../../run/run-context.ts';
import { translateFiles, type Translation } from '../../translate/translate-files.ts';
import { restoreStdin } from './run-command.ts';

interface TranslateArguments {
  readonly nucleotides: string[];
  readonly out: unknown;
  readonly chunk: unknown;
}

const CHOICES = CHUNK_LENGTHS.join(' or ');

export function translateCommand(
  context: RunContext,
  finish: Finish,
): CommandModule<object, TranslateArguments> {
  return {
    command: 'translate <nucleotides..>',
    describe:
      'cut nucleotide FASTA into chunks and translate their open reading frames, byte for byte as VirNucPro',
    builder: (yargs) => buildOptions(yargs) as unknown as Argv<TranslateArguments>,
    handler: async ({ nucleotides, out, chunk }) => {
      const request = {
        inputs: nucleotides.map(restoreStdin),
        prefix: prefixFrom(out),
        chunkLength: chunkLengthFrom(chunk),
      };
      const translation = await translateFiles(request, context);
      for (const warning of translation.warnings) context.stderr.write(`warning: ${warning}\n`);
      context.stdout.write(describeTranslation(translation));
      const { emptyRecords } = translation.totals;
      finish(emptyRecords === 0 ? EXIT_CODES.complete : EXIT_CODES.completeWithRejections);
    },
  };
}

function buildOptions(yargs: Argv): Argv {
  return yargs
    .positional('nucleotides', {
      describe: 'nucleotide FASTA files, also gzipped, or directories of them; - is standard input',
      array: true,
      type: 'string',
    })
    .option('out', {
      alias: 'o',
      type: 'string',
      demandOption: 'Say where the results go: -o PREFIX.',
      requiresArg: true,
      describe:
        'PREFIX of PREFIX_chunkedLENGTH.fa, PREFIX_identified_nucleotide.fa and PREFIX_identified_protein.faa (the ' +
        'names that VirNucPro gives them); existing files are replaced when the new ones are complete',
    })
    .option('chunk', {
      type: 'string',
      demandOption: `Say how long the chunks are, as the classifier was trained: --chunk ${CHOICES}.`,
      requiresArg: true,
      describe: `length of a chunk in bases: ${CHOICES}`,
    })
    .example(
      '$0 translate contigs.fa.gz -o out/contigs --chunk 500',
      'then embed out/contigs_identified_protein.faa',
    );
}

/** @throws {UsageError} OUTPUT_PREFIX */
function prefixFrom(value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.endsWith('/')) return value;
  const seen = Array.isArray(value) ? 'it is given twice' : `not ${JSON.stringify(value)}`;
  throw new UsageError(
    'OUTPUT_PREFIX',
    `-o takes the first part of the files' names, as in -o out/contigs; ${seen}.`,
  );
}

/** @throws {UsageError} CHUNK_LENGTH */
function chunkLengthFrom(value: unknown): ChunkLength {
  const length = CHUNK_LENGTHS.find((candidate) => String(candidate) === value);
  if (length !== undefined) return length;
  throw new UsageError('CHUNK_LENGTH', `--chunk must be ${CHOICES}, not ${JSON.stringify(value)}.`);
}

function describeTranslation({ totals, paths }: Translation): string {
  const { records, bases, chunks, frames } = totals;
  return [
    ['input', `${formatCount(records)} records, ${formatCount(bases)} bases`],
    ['chunks', `${formatCount(chunks)} in ${paths.chunks}`],
    ['frames', `${formatCount(frames)} without a stop in ${paths.nucleotides}`],
    ['proteins', `${formatCount(frames)} in ${paths.proteins}`],
  ]
    .map(([name = '', text = '']) => `${name.padEnd(10)}${text}\n`)
    .join('');
}
