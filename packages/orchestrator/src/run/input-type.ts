import { open } from 'node:fs/promises';

import {
  guessSequenceType,
  type PlainFile,
  type SequenceType,
  type SequenceTypeGuess,
} from '@virnucpro/fasta';
import { InputError } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { formatCount } from '../progress/format.ts';

const SAMPLE_BYTES = 1 << 20;

/**
 * Looks at the beginning of each file: is it what the options take it for? With `--input-type` nobody looks.
 *
 * @returns a line for the log, or null when nobody looked
 * @throws {InputError} INPUT_TYPE naming the file, what was seen and what to do
 */
export async function refuseOtherType(
  files: readonly PlainFile[],
  settings: Pick<RunSettings, 'translate' | 'input-type'>,
): Promise<string | null> {
  if (settings['input-type'] !== 'auto') return null;
  const wanted = settings.translate ? 'nucleotide' : 'protein';
  const untold: string[] = [];
  for (const file of files) {
    const guess = guessSequenceType(await beginningOf(file));
    if (guess.type !== null && guess.type !== wanted) throw otherType(file, guess, wanted);
    if (guess.type === null) untold.push(file.displayPath);
  }
  if (untold.length === 0) return `input: ${wanted} FASTA, told by its letters`;
  const which = untold.length === files.length ? '' : ` in ${untold.join(', ')}`;
  return `input: too few letters${which} to tell protein from nucleotides; taken as ${wanted}`;
}

async function beginningOf({ path, bytes }: PlainFile): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(SAMPLE_BYTES, bytes)), 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function otherType(
  { displayPath }: PlainFile,
  { letters, nucleotideShare }: SequenceTypeGuess,
  wanted: SequenceType,
): InputError {
  const seen = `${(100 * nucleotideShare).toFixed(1)} % of its first ${formatCount(letters)} letters are A, C, G, T, U or N`;
  const message =
    wanted === 'protein'
      ? `${displayPath} looks like nucleotide FASTA: ${seen}. Embed its proteins with --translate --chunk 300 or 500; ` +
        'if these are proteins, say --input-type protein.'
      : `${displayPath} looks like protein FASTA: ${seen}. Embed it without --translate; ` +
        'if these are nucleotides, say --input-type nucleotide.';
  return new InputError('INPUT_TYPE', message, { details: { path: displayPath, letters, nucleotideShare } });
}
