import { describe, expect, test } from '@jest/globals';

import type { RunInput } from './run-inputs.ts';
import { provenInput } from './save-manifest.ts';

const input = (mtimeMs: number): RunInput => ({
  ...{ displayPath: 'a.faa', path: '/a.faa', kind: 'plain', bytes: 10, mtimeMs },
});
const scanOf = (digit: string) => ({
  ...{ records: 1, residues: 8, tokens: 10, shards: 1, digest: digit.repeat(64) },
});
const known = { scan: scanOf('a'), inputs: [input(1)] };

describe('what the manifest says of the input', () => {
  test('is what the first scan found', () => {
    const first = provenInput({ scan: null, inputs: [input(1)] }, scanOf('a'), [input(1)]);
    expect(first).toEqual(known);
  });

  test('takes the new time of a touched file that a scan proved the same', () => {
    expect(provenInput(known, scanOf('a'), [input(2)])).toEqual({ scan: scanOf('a'), inputs: [input(2)] });
  });

  test('stays, when another scan, perhaps of another node, finds something else', () => {
    expect(provenInput(known, scanOf('b'), [input(2)])).toEqual(known);
  });

  test('stays, when the scan did not end', () => {
    expect(provenInput(known, null, [input(2)])).toEqual(known);
  });
});
