import { UsageError, type TranslationSettings } from '@virnucpro/protocol';
import { CHUNK_LENGTHS } from '@virnucpro/translate';

import type { RunSettings } from './run-options.ts';

type TranslationOptions = Pick<
  RunSettings,
  'translate' | 'chunk' | 'genetic-code' | 'min-residues' | 'orfs' | 'input-type'
>;

/**
 * How the input is translated; null when it is not.
 *
 * @throws {UsageError} TRANSLATION_OPTIONS when the options that are about translation do not fit together
 */
export function translationSettings(options: TranslationOptions): TranslationSettings | null {
  const { chunk } = options;
  if (!options.translate) {
    refuseWithoutTranslate(options);
    return null;
  }
  if (options['input-type'] === 'protein')
    throw mismatch('--translate takes nucleotide input, and --input-type says protein. Leave one out.');
  if (chunk === null)
    throw mismatch(
      `--translate needs --chunk ${CHUNK_LENGTHS.join(' or ')}: as long as the chunks that the classifier was trained on.`,
    );
  return chunkSettings({ ...options, chunk });
}

/**
 * The same where it is known that there is something to translate.
 *
 * @throws {UsageError} TRANSLATION_OPTIONS when nothing could come out
 */
export function chunkSettings(
  options: Pick<RunSettings, 'genetic-code' | 'min-residues' | 'orfs'> & {
    readonly chunk: TranslationSettings['chunkLength'];
  },
): TranslationSettings {
  const { chunk: chunkLength, orfs } = options;
  const minResidues = options['min-residues'];
  const longest = Math.floor(chunkLength / 3);
  if (minResidues > longest)
    throw mismatch(
      `--min-residues ${minResidues} drops all: a chunk of ${chunkLength} bases has ${longest} codons.`,
    );
  return { chunkLength, geneticCode: options['genetic-code'], minResidues, orfs };
}

function refuseWithoutTranslate(options: TranslationOptions): void {
  if (options.chunk !== null || options.orfs || options['min-residues'] > 1 || options['genetic-code'] !== 1)
    throw mismatch(
      '--chunk, --min-residues, --genetic-code and --orfs are about --translate, which is not given.',
    );
  if (options['input-type'] === 'nucleotide')
    throw mismatch(
      '--input-type nucleotide needs --translate --chunk 300 or 500: only proteins are embedded.',
    );
}

function mismatch(message: string): UsageError {
  return new UsageError('TRANSLATION_OPTIONS', message);
}
