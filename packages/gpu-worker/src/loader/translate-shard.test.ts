import { describe, expect, test } from '@jest/globals';
import { createEsmTokenizer } from '@virnucpro/model';
import fc from 'fast-check';

import { translateBytes } from '../../../../test/program/translate-bytes.ts';
import { tokenizeShard, type TokenizeOptions } from './tokenize-shard.ts';
import { translateShard, type TranslateOptions } from './translate-shard.ts';

const tokenize: TokenizeOptions = {
  tokenizer: createEsmTokenizer(),
  maxResidues: 1022,
  longSequences: 'truncate',
};
const options: TranslateOptions = {
  ...tokenize,
  translation: { chunkLength: 300, geneticCode: 1, minResidues: 1, orfs: false },
};

const translate = (fasta: string, with_ = options) => translateShard(Buffer.from(fasta), with_);

const bases = (letters: string, maxLength: number) =>
  fc
    .array(fc.constantFrom(...Array.from(letters)), { minLength: 1, maxLength })
    .map((found) => found.join(''));

describe('translateShard', () => {
  test('gives the tokens and ids of the protein file that translate writes', () => {
    const record = fc.oneof(bases('ACG', 1500), bases('ACGTacgtNRYx-', 700));
    const form = fc.record({
      lineEnd: fc.constantFrom('\n', '\r\n', '\n\n', ' \n'),
      columns: fc.integer({ min: 1, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), form, (records, { lineEnd, columns }) => {
        const lines = (text: string) => text.replace(new RegExp(`.{1,${columns}}`, 'g'), `$&${lineEnd}`);
        const fasta = records.map((text, index) => `>r${index} words${lineEnd}${lines(text)}`).join('');
        const { proteins } = translateBytes(Buffer.from(fasta), 300);
        const expected = tokenizeShard(Buffer.from(proteins), proteins.split('>').length - 1, tokenize);
        const { origins, ...found } = translate(fasta);
        expect({ ...found, origins: null }).toEqual(expected);
        expect(origins).toHaveLength(expected.ids.length);
      }),
    );
  });

  test('rejects a record as a whole and keeps its neighbours; one without an open frame leaves no trace', () => {
    const shard = translate(
      '>a\nATGGCC\n>b\nATG GCC\r\nLTG\n>c\n>none\nTAATTAATTAATTTAATTAATTAA\n>d\nATGGCC',
    );
    expect(shard.rejections).toEqual([
      {
        recordIndex: shard.ids.indexOf('b'),
        reason: 'invalid-character',
        detail: '"L" (0x4c) at base 7 is no nucleotide letter',
      },
      { recordIndex: shard.ids.indexOf('c'), reason: 'empty', detail: 'the record has no bases' },
    ]);
    const sources = new Map(shard.origins?.map(({ record, id }) => [id, record]));
    expect([...sources]).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 4],
    ]);
    expect(shard.origins?.[shard.ids.indexOf('b')]).toEqual({ record: 1, id: 'b', frame: null });
  });

  test('takes a record back that gives too many sequences', () => {
    const [few, many] = ['ATGGCCGCC', 'ACG'.repeat(300)];
    const alone = translate(`>a\n${few}\n`);
    const bytes = Buffer.from(`>a\n${few}\n>b\n${many}\n>c\n${few}\n`);
    const { ids, rejections, tokens, tokenOffsets, truncated } = translateShard(bytes, options, 10);
    expect(rejections).toEqual([
      {
        recordIndex: alone.ids.length,
        reason: 'too-long',
        detail: '900 bases give more than 10 sequences; split the record',
      },
    ]);
    expect(ids.filter((id) => id.startsWith('b'))).toEqual(['b']);
    expect(Buffer.from(tokens).equals(Buffer.concat([alone.tokens, alone.tokens]))).toBe(true);
    expect(tokenOffsets).toHaveLength(2 * alone.ids.length + 2);
    expect(truncated).toHaveLength(2 * alone.ids.length + 1);
  });

  test.each(['truncate', 'reject'] as const)('a protein over the residue limit: %s', (longSequences) => {
    const { ids, tokenOffsets, truncated, rejections } = translate('>a\nATGGCCGCCGCC\n>b\nATGGCC\n', {
      ...options,
      maxResidues: 3,
      longSequences,
    });
    const long = ids.indexOf('a_chunk_1F1');
    const tokens = tokenOffsets[long + 1]! - tokenOffsets[long]!;
    const rejected = rejections.map(({ recordIndex }) => ids[recordIndex]);
    if (longSequences === 'truncate') {
      expect({ tokens, isTruncated: truncated[long], rejected }).toEqual({
        tokens: 5,
        isTruncated: 1,
        rejected: [],
      });
    } else {
      expect(tokens).toBe(0);
      expect(rejected).toContain('a_chunk_1F1');
      expect(rejections[0]).toMatchObject({ reason: 'too-long', detail: '4 residues, at most 3 allowed' });
    }
  });
});
