import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { translateBytes, type TranslatedText } from '../../../test/program/translate-bytes.ts';
import type { ChunkLength } from './chunk-plan.ts';

/** What the original wrote: see README.md there. */
const FIXTURES = join(process.cwd(), 'test/fixtures/virnucpro');

interface GoldenRun {
  readonly input: string;
  readonly chunk: ChunkLength;
  readonly error: string | null;
  readonly outputs: Readonly<Record<string, { readonly sha256: string; readonly records: number }>>;
}

const { runs } = JSON.parse(readFileSync(join(FIXTURES, 'manifest.json'), 'utf8')) as { runs: GoldenRun[] };
const processed = runs.filter(({ error }) => error === null);
const crashed = runs.filter(({ error }) => error !== null);

/** Reads the input in pieces of so many bytes. */
function translateFixture({ input, chunk }: GoldenRun, pieceBytes: number): TranslatedText {
  return translateBytes(readFileSync(join(FIXTURES, 'inputs', input)), chunk, pieceBytes);
}

function outputNames({ input, chunk }: GoldenRun): TranslatedText {
  const base = input.split('.fa')[0] ?? input;
  return {
    chunks: `${base}_chunked${chunk}.fa`,
    nucleotides: `${base}_identified_nucleotide.fa`,
    proteins: `${base}_identified_protein.faa`,
  };
}

test('the golden set is whole', () => {
  expect(processed).toHaveLength(46);
  expect(crashed.map(({ input }) => input)).toEqual([
    'edge_empty_record_first.fasta',
    'edge_empty_record_first.fasta',
    'edge_empty_record_mid.fasta',
    'edge_empty_record_mid.fasta',
  ]);
});

describe.each([65_536, 7])('in pieces of %d bytes', (pieceBytes) => {
  test.each(processed)('$input in chunks of $chunk: the same bytes as the original', (run) => {
    const outputs = translateFixture(run, pieceBytes);
    const names = outputNames(run);
    for (const kind of ['chunks', 'nucleotides', 'proteins'] as const) {
      const name = names[kind];
      expect(outputs[kind]).toBe(readFileSync(join(FIXTURES, 'expected', String(run.chunk), name), 'latin1'));
      expect(sha256(outputs[kind])).toBe(run.outputs[name]?.sha256);
    }
  });
});

test.each(crashed)(
  '$input in chunks of $chunk: the original crashes, here the empty record is passed over',
  (run) => {
    const { chunks } = translateFixture(run, 65_536);
    const flushed = readFileSync(
      join(FIXTURES, 'expected', String(run.chunk), outputNames(run).chunks),
      'latin1',
    );
    expect(chunks.startsWith(flushed)).toBe(true);
    expect(chunks.length).toBeGreaterThan(flushed.length);
  },
);

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}
