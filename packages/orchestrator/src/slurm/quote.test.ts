import { execFileSync } from 'node:child_process';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { sbatchQuote, shellQuote } from './quote.ts';

const argument = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(' ', "'", '"', '$', '`', '\\', '!', '*', '~', '#', ';', '&', '-', 'a', 'é', '\t'),
  }),
);
const quotable = argument.filter((text) => !/[\n\r\0]/.test(text) && Buffer.from(text).toString() === text);

test('bash gets back every argument as it was', () => {
  fc.assert(
    fc.property(fc.array(quotable, { minLength: 1 }), (args) => {
      const script = `printf '%s\\0' ${args.map(shellQuote).join(' ')}`;
      const said = execFileSync('bash', ['-c', script], { encoding: 'utf8' });
      expect(said.split('\0').slice(0, -1)).toEqual(args);
    }),
    { numRuns: 60 },
  );
});

test.each(['a\nb', 'a\rb', 'a\0b'])('what cannot go into a script is refused: %j', (text) => {
  expect(() => shellQuote(text)).toThrow(/line break or a NUL/);
  expect(() => sbatchQuote(text)).toThrow(/line break or a NUL/);
});

test('plain words stay readable', () => {
  expect(shellQuote('/data/run-1/proteins.faa.gz')).toBe('/data/run-1/proteins.faa.gz');
  expect(sbatchQuote('/data/logs/slurm-%A_%a.out')).toBe('/data/logs/slurm-%A_%a.out');
});
