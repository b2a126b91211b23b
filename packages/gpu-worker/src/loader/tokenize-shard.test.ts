import { describe, expect, test } from '@jest/globals';
import { createEsmTokenizer } from '@virnucpro/model';

import { tokenizeShard, type TokenizeOptions } from './tokenize-shard.ts';

const tokenizer = createEsmTokenizer();
const options: TokenizeOptions = { tokenizer, maxResidues: 5, longSequences: 'truncate' };
// <cls> 0, <eos> 2, <unk> 3, M 20, K 15, A 5, X 24
const CLS = 0;
const EOS = 2;

describe('tokenizeShard', () => {
  test('puts BOS and EOS around the residues and skips line ends and blanks', () => {
    expect(tokensOf('>a first\r\nMK \r\nA\r\n')).toEqual([[CLS, 20, 15, 5, EOS]]);
  });

  test('reads lower case as upper case, J and an inner star as unknown, one by one', () => {
    expect(tokensOf('>a\nmJJ*k\n')).toEqual([[CLS, 20, 3, 3, 3, 15, EOS]]);
  });

  test('drops one trailing star and keeps the rest', () => {
    expect(tokensOf('>a\nMK*\n>b\nM**\n')).toEqual([
      [CLS, 20, 15, EOS],
      [CLS, 20, 3, EOS],
    ]);
  });

  test('cuts long sequences at the C-terminal end and says so', () => {
    const shard = tokenize('>a\nMKAMKA\n>b\nMKAMK\n', 2);
    expect(split(shard)).toEqual([
      [CLS, 20, 15, 5, 20, 15, EOS],
      [CLS, 20, 15, 5, 20, 15, EOS],
    ]);
    expect([...shard.truncated]).toEqual([1, 0]);
  });

  test('rejects empty, invalid and, when asked, long records, and keeps their neighbours', () => {
    const shard = tokenize('>a\n\n>b\nM1K\n>c\nMKAMKA\n>d\nMK\n', 4, { ...options, longSequences: 'reject' });
    expect(shard.ids).toEqual(['a', 'b', 'c', 'd']);
    expect(split(shard)).toEqual([[], [], [], [CLS, 20, 15, EOS]]);
    expect(shard.rejections.map(({ recordIndex, reason }) => [recordIndex, reason])).toEqual([
      [0, 'empty'],
      [1, 'invalid-character'],
      [2, 'too-long'],
    ]);
    expect(shard.rejections[1]?.detail).toContain('"1" (0x31) at residue 2');
  });
});

function tokenize(fasta: string, records: number, with_ = options) {
  return tokenizeShard(new TextEncoder().encode(fasta), records, with_);
}

function split({ tokens, tokenOffsets }: ReturnType<typeof tokenize>): number[][] {
  return Array.from({ length: tokenOffsets.length - 1 }, (_, record) => [
    ...tokens.subarray(tokenOffsets[record], tokenOffsets[record + 1]),
  ]);
}

function tokensOf(fasta: string): number[][] {
  return split(tokenize(fasta, fasta.split('>').length - 1));
}
