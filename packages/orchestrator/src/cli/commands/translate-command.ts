import { EXIT_CODES, UsageError, type TranslationSettings } from '@virnucpro/protocol';
import { CHUNK_LENGTHS, type WantedFiles } from '@virnucpro/translate';
import type { Argv, CommandModule } from 'yargs';

import { environmentLayer, flagLayer, resolveSettings } from '../../config/layers.ts';
import type { RunOptionName } from '../../config/run-options.ts';
import { TRANSLATE_OPTIONS, translateOptionsFrom } from '../../config/translate-options.ts';
import { chunkSettings } from '../../config/translation-settings.ts';
import { formatCount } from '../../progress/format.ts';
import type { Finish, RunContext } from '../../run/run-context.ts';
import { listenForStop } from '../../run/stop-signals.ts';
import type { TranslateRequest, Translation } from '../../translate/translate-files.ts';
import { addExamples } from './add-examples.ts';
import { addOptions } from './add-options.ts';
import { addRunOptions, restoreStdin } from './run-command.ts';

interface TranslateArguments {
  readonly nucleotides: string[];
  readonly out: unknown;
  readonly [flag: string]: unknown;
}

/** Options that mean here what they mean for `run --translate`. */
const SHARED_OPTIONS = [
  'chunk',
  'min-residues',
  'genetic-code',
  'orfs',
] as const satisfies readonly RunOptionName[];

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
    handler: async ({ nucleotides, out, ...flags }) => {
      const request = {
        inputs: nucleotides.map(restoreStdin),
        prefix: prefixFrom(out),
        settings: settingsFrom(flags, context.environment),
        wanted: wantedFrom(flags, context.environment),
      };
      const { translateFiles } = await import('../../translate/translate-files.ts');
      const stop = listenForStop(() => undefined);
      const translation = await translateFiles(request, context, stop).finally(() => stop.dispose());
      for (const warning of translation.warnings) context.stderr.write(`warning: ${warning}\n`);
      context.stdout.write(describeTranslation(translation, request));
      const { emptyRecords } = translation.totals;
      finish(emptyRecords === 0 ? EXIT_CODES.complete : EXIT_CODES.completeWithRejections);
    },
  };
}

function buildOptions(yargs: Argv): Argv {
  const parser = yargs
    .positional('nucleotides', {
      describe: 'nucleotide FASTA files, also gzipped, or directories of them; - is standard input',
      array: true,
      type: 'string',
      default: undefined,
    })
    .option('out', {
      alias: 'o',
      type: 'string',
      demandOption: 'Say where the results go: -o PREFIX.',
      requiresArg: true,
      describe:
        'PREFIX of PREFIX_chunkedLENGTH.fa, PREFIX_identified_nucleotide.fa and PREFIX_identified_protein.faa (the ' +
        'names that VirNucPro gives them); existing files are replaced when the new ones are complete',
    });
  const withOptions = addOptions(addRunOptions(parser, SHARED_OPTIONS), TRANSLATE_OPTIONS, ['proteins-only']);
  return addExamples(withOptions, [
    [
      '$0 translate contigs.fa.gz -o out/contigs --chunk 500 --proteins-only',
      'proteins to embed, in out/contigs_identified_protein.faa',
    ],
  ]);
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

/** From flags and VIRNUCPRO_ variables, as for `run`. @throws {UsageError} CHUNK_LENGTH, INVALID_SETTING, TRANSLATION_OPTIONS */
function settingsFrom(
  flags: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
): TranslationSettings {
  const given = Object.fromEntries(SHARED_OPTIONS.map((name) => [name, flags[name]]));
  const { chunk, ...options } = resolveSettings([flagLayer(given), environmentLayer(environment)]);
  if (chunk === null)
    throw new UsageError(
      'CHUNK_LENGTH',
      `Say how long the chunks are, as the classifier was trained: --chunk ${CHOICES}.`,
    );
  return chunkSettings({ ...options, chunk });
}

/** @throws {UsageError} INVALID_SETTING */
function wantedFrom(flags: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv): WantedFiles {
  return translateOptionsFrom(flags, environment)['proteins-only'] ? 'proteins' : 'all';
}

function describeTranslation(
  { totals, paths }: Translation,
  { settings: { orfs }, wanted }: Pick<TranslateRequest, 'settings' | 'wanted'>,
): string {
  const { records, bases, chunks, frames } = totals;
  const others = [
    ['chunks', `${formatCount(chunks)} in ${paths.chunks}`],
    [orfs ? 'pieces' : 'frames', `${formatCount(frames)} without a stop in ${paths.nucleotides}`],
  ];
  return [
    ['input', `${formatCount(records)} records, ${formatCount(bases)} bases`],
    ...(wanted === 'all' ? others : [['chunks', `${formatCount(chunks)}, not written`]]),
    ['proteins', `${formatCount(frames)} in ${paths.proteins}`],
  ]
    .map(([name = '', text = '']) => `${name.padEnd(10)}${text}\n`)
    .join('');
}
