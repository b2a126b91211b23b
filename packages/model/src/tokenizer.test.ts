import { describe, expect, test } from '@jest/globals';

import { createEsmTokenizer, NOT_A_RESIDUE } from './tokenizer.ts';

describe('createEsmTokenizer', () => {
  const { tokenOf, bosId, eosId, padId, unkId } = createEsmTokenizer();
  const tokens = (text: string): number[] => Array.from(text, (letter) => tokenOf[letter.charCodeAt(0)]!);

  test('has the tokens of ESM-2', () => {
    expect({ bosId, padId, eosId, unkId }).toEqual({ bosId: 0, padId: 1, eosId: 2, unkId: 3 });
    expect(tokens('LAGVSERTIDPKQNFYMHWCXBUZO.-')).toEqual(
      Array.from({ length: 27 }, (_, index) => index + 4),
    );
  });

  test('ignores case, reads J and * as unknown, and nothing else', () => {
    expect(tokens('mkJ*j')).toEqual([20, 15, 3, 3, 3]);
    expect(tokens('1 <>_\t').every((token) => token === NOT_A_RESIDUE)).toBe(true);
  });

  test('refuses a vocabulary without amino acids', () => {
    expect(() => createEsmTokenizer(['<cls>', '<pad>', '<eos>', '<unk>', 'A'])).toThrow(/lacks C D E/);
  });
});
