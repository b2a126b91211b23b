import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { planChunks } from './chunk-plan.ts';
import { expectedYield } from './expected-yield.ts';
import { SixFrames } from './six-frames.ts';

const LAMBDA = readFileSync(join(process.cwd(), 'test/fixtures/virnucpro/inputs/lambda.fa'), 'latin1')
  .replace(/^>.*\n/, '')
  .replaceAll('\n', '');

test.each([
  { chunkLength: 300, geneticCode: 1, minResidues: 1, orfs: false },
  { chunkLength: 500, geneticCode: 1, minResidues: 1, orfs: false },
  { chunkLength: 300, geneticCode: 27, minResidues: 1, orfs: false },
  { chunkLength: 300, geneticCode: 1, minResidues: 1, orfs: true },
  { chunkLength: 500, geneticCode: 4, minResidues: 25, orfs: true },
] as const)('is within a factor of 2.5 of what a phage gives: %j', (settings) => {
  const bases = Buffer.from(LAMBDA);
  const sixFrames = new SixFrames(settings);
  const plan = planChunks(bases.length, settings.chunkLength);
  let [sequences, tokens] = [0, 0];
  for (let index = 0; index < plan.count; index += 1) {
    for (const { protein } of sixFrames.translate(bases, plan.start(index), plan.end(index))) {
      sequences += 1;
      tokens += protein.length + 2;
    }
  }
  const expected = expectedYield(settings)(bases.length);
  for (const ratio of [expected.sequences / sequences, expected.tokens / tokens]) {
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(2.5);
  }
});

test.each([0, 1, 2, 5])('a record of %d bases gives whole numbers', (bases) => {
  const { sequences, tokens } = expectedYield({
    chunkLength: 300,
    geneticCode: 1,
    minResidues: 1,
    orfs: true,
  })(bases);
  expect([sequences, tokens].every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(true);
});
