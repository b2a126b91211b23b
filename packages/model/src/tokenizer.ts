import { readFile } from 'node:fs/promises';

import { InputError } from '@virnucpro/protocol/errors';

/** Marks bytes in `tokenOf` that stand for no residue. */
export const NOT_A_RESIDUE = 255;

/** Protein letters to token ids, one per byte. */
export interface ResidueTokenizer {
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  readonly unkId: number;
  /** 256 entries: the token of an ASCII byte, NOT_A_RESIDUE where it is none. */
  readonly tokenOf: Uint8Array;
}

/** The vocabulary of every ESM-2 model. Source: fair-esm, esm/constants.py and data.py (Alphabet "ESM-1b"). */
const ESM2_VOCABULARY: readonly string[] = [
  ...['<cls>', '<pad>', '<eos>', '<unk>'],
  ...Array.from('LAGVSERTIDPKQNFYMHWCXBUZO.-'),
  ...['<null_1>', '<mask>'],
];

const REQUIRED_RESIDUES = 'ACDEFGHIKLMNPQRSTVWY';
/** Letters that proteomes contain and ESM-2 has no token for: leucine or isoleucine, and an inner stop. */
const UNKNOWN_RESIDUES = 'J*';

/**
 * Case is ignored; J and * are <unk>, each for itself (HuggingFace's tokenizer would make one <unk> of a run of them);
 * X B U Z O . - have tokens of their own; anything else is no residue.
 *
 * @param vocabulary tokens by id, as in vocab.txt; its default is that of ESM-2
 * @throws {InputError} MODEL_VOCABULARY_INVALID when special tokens or amino acids are missing
 */
export function createEsmTokenizer(vocabulary: readonly string[] = ESM2_VOCABULARY): ResidueTokenizer {
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const missing = ['<cls>', '<pad>', '<eos>', '<unk>', ...Array.from(REQUIRED_RESIDUES)].filter(
    (token) => !ids.has(token),
  );
  if (missing.length > 0 || vocabulary.length >= NOT_A_RESIDUE) {
    const problem = missing.length > 0 ? `lacks ${missing.join(' ')}` : `has ${vocabulary.length} tokens`;
    throw new InputError(
      'MODEL_VOCABULARY_INVALID',
      `The vocabulary of the model ${problem}: it is no protein vocabulary.`,
    );
  }
  const id = (token: string): number => ids.get(token) as number;
  const tokenOf = new Uint8Array(256).fill(NOT_A_RESIDUE);
  const set = (letter: string, token: number): void => {
    tokenOf[letter.charCodeAt(0)] = token;
    tokenOf[letter.toLowerCase().charCodeAt(0)] = token;
  };
  for (const letter of UNKNOWN_RESIDUES) set(letter, id('<unk>'));
  for (const [token, tokenId] of ids) if (/^[A-Z.-]$/.test(token)) set(token, tokenId);
  return { bosId: id('<cls>'), eosId: id('<eos>'), padId: id('<pad>'), unkId: id('<unk>'), tokenOf };
}

/** Reads vocab.txt: one token per line, its number is its id. */
export async function readVocabulary(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).trimEnd().split(/\r?\n/);
}
