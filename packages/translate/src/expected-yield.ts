import type { TranslationSettings } from '@virnucpro/protocol';

import { AMINO_ACIDS_BY_CODE } from './genetic-codes.ts';

/** What a record gives, as far as that can be said before it is translated; whole numbers. */
export interface ExpectedYield {
  readonly sequences: number;
  /** BOS and EOS included. */
  readonly tokens: number;
}

const FRAMES = 6;
const SPECIAL_TOKENS = 2;

/**
 * Guesses from its length alone what a record gives: cheap, and the same on every machine. Viral genomes have about
 * one open frame in a chunk (0.84 of 300 bases, 0.62 of 500, in 87 records of viral genomes); pieces of frames, of which there
 * are many more, are counted as in random bases.
 *
 * @returns what is expected of a record of so many bases
 */
export function expectedYield(settings: TranslationSettings): (bases: number) => ExpectedYield {
  const { chunkLength } = settings;
  const known: ExpectedYield[] = [];
  return (bases) => {
    const chunks = Math.ceil(bases / chunkLength);
    const codons = Math.floor(Math.min(bases, chunkLength) / 3);
    const { sequences, tokens } = (known[codons] ??= ofChunk(codons, settings));
    return { sequences: chunks * sequences, tokens: chunks * tokens };
  };
}

function ofChunk(codons: number, settings: TranslationSettings): ExpectedYield {
  const stopShare = stopShareOf(settings.geneticCode);
  if (settings.orfs) return ofPieces(codons, stopShare, settings.minResidues);
  const sequences = Math.ceil(Math.max(1, FRAMES * power(1 - stopShare, codons)));
  return { sequences, tokens: sequences * (codons + SPECIAL_TOKENS) };
}

/** In random codons, each a stop with the same probability: the pieces of each length between two stops or ends. */
function ofPieces(codons: number, stopShare: number, minResidues: number): ExpectedYield {
  let [sequences, tokens] = [0, 0];
  for (let length = minResidues; length <= codons; length += 1) {
    const borders = length === codons ? 1 : 2 * stopShare + (codons - length - 1) * stopShare * stopShare;
    const pieces = FRAMES * borders * power(1 - stopShare, length);
    sequences += pieces;
    tokens += pieces * (length + SPECIAL_TOKENS);
  }
  return { sequences: Math.ceil(sequences), tokens: Math.ceil(tokens) };
}

function stopShareOf(geneticCode: number): number {
  const aminoAcids = AMINO_ACIDS_BY_CODE.get(geneticCode) ?? '';
  return (aminoAcids.split('*').length - 1) / aminoAcids.length;
}

/** By multiplication, which gives the same bits everywhere; Math.pow may not. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let left = exponent; left > 0; left -= 1) result *= base;
  return result;
}
