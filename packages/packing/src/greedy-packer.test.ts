import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { GreedyPacker, type GreedyPackerOptions } from './greedy-packer.ts';

function packerWithLog(options: Partial<GreedyPackerOptions> = {}) {
  const lines: string[] = [];
  const logger = {
    debug: (message: string) => lines.push(`debug ${message}`),
    warn: (message: string) => lines.push(`warn ${message}`),
    error: (message: string) => lines.push(`error ${message}`),
  };
  return {
    packer: new GreedyPacker({ maxTokensPerBatch: 100, maxSequenceLength: 98, logger, ...options }),
    lines,
  };
}

const sequencesOf = (...residues: number[]) =>
  residues.map((count, index) => ({ id: `s${index}`, residues: count }));

test('sequences are placed by first fit, not next fit, with two tokens for BOS and EOS', () => {
  const { packer } = packerWithLog();
  const { batches } = packer.packSequences(sequencesOf(58, 58, 38, 38));
  expect(batches.map((batch) => batch.map(({ id, tokens }) => [id, tokens]))).toEqual([
    [
      ['s0', 60],
      ['s2', 40],
    ],
    [
      ['s1', 60],
      ['s3', 40],
    ],
  ]);
  expect(packer.computeEfficiency(batches)).toBe(1);
});

test('ties go by ordinal when all have one, else by id, so the order of the buffer does not matter', () => {
  const { packer } = packerWithLog();
  const withIds = ['b', 'c', 'a'].map((id) => ({ id, residues: 8 }));
  expect(packer.packSequences(withIds).batches[0]?.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  const withOrdinals = withIds.map((sequence, index) => ({ ...sequence, ordinal: 10 - index }));
  expect(packer.packSequences(withOrdinals).batches[0]?.map(({ id }) => id)).toEqual(['a', 'c', 'b']);
});

test('any order of the same sequences gives the same packs, none of them empty or over the budget', () => {
  const { packer } = packerWithLog();
  fc.assert(
    fc.property(fc.array(fc.nat(130), { maxLength: 60 }), (residues) => {
      const sequences = sequencesOf(...residues);
      const packing = packer.packSequences(sequences);
      expect(packer.packSequences(sequences.toReversed())).toEqual(packing);
      expect(packing.batches.flat().length + packing.rejected.length).toBe(sequences.length);
      for (const batch of packing.batches) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(100);
      }
    }),
  );
});

test('an over-long sequence is cut at its end and flagged, or rejected on request', () => {
  const long = { id: 'long', residues: 500, file: 'x.faa' };
  const { batches } = packerWithLog().packer.packSequences([long]);
  expect(batches).toEqual([[{ id: 'long', file: 'x.faa', residues: 98, tokens: 100, truncated: true }]]);
  const { packer } = packerWithLog({ longSequences: 'reject' });
  expect(packer.packSequences([long])).toEqual({
    batches: [],
    rejected: [{ sequence: long, reason: 'too-long' }],
  });
});

test('an empty sequence is rejected, not packed', () => {
  const empty = { id: 'empty', residues: 0 };
  expect(packerWithLog().packer.packSequences([empty])).toEqual({
    batches: [],
    rejected: [{ sequence: empty, reason: 'empty' }],
  });
});

test('a broken number of residues is refused, naming the sequence', () => {
  expect(() => packerWithLog().packer.packSequences([{ id: 'odd', residues: 2.5 }])).toThrow(
    /odd has 2\.5 residues/,
  );
});

test('efficiency is 0 without batches', () => {
  expect(packerWithLog().packer.computeEfficiency([])).toBe(0);
});

test('full packs under 80 % are an error, under 85 % a warning that names the buffer size, else debug', () => {
  const logOf = (...residues: number[]) => {
    const { packer, lines } = packerWithLog();
    packer.packSequences(sequencesOf(...residues));
    return lines;
  };
  expect(logOf(68, 68, 68)).toEqual([
    expect.stringMatching(/^error .*70\.0 %.*packing may be broken or buffer/),
  ]);
  expect(logOf(80, 80, 80)).toEqual([expect.stringMatching(/^warn .*82\.0 %.*buffer size 3 sequences/)]);
  expect(logOf(96, 96, 10)).toEqual([expect.stringMatching(/^debug .*98\.0 %/)]);
});

test('a lone pack is the last one, and how full it is is nobody’s fault', () => {
  const { packer, lines } = packerWithLog();
  packer.packSequences(sequencesOf(5));
  packer.packSequences([]);
  expect(lines).toEqual([expect.stringMatching(/^debug /)]);
});
