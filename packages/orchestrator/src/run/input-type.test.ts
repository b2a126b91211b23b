import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { refuseOtherType } from './input-type.ts';

const PROTEIN = `>p\n${'MKLVEQWRHD'.repeat(20)}\n`;
const GENOME = `>g\n${'ACGTTGCA'.repeat(50)}\n`;
const SHORT = '>s\nMKA\n';

let directory = '';
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'input-type-'))));
afterEach(() => rm(directory, { recursive: true }));

async function files(...texts: string[]) {
  return Promise.all(
    texts.map(async (text, index) => {
      const path = join(directory, `${index}.fa`);
      await writeFile(path, text);
      return { path, displayPath: `${index}.fa`, bytes: text.length, mtimeMs: 0 };
    }),
  );
}

describe('refuseOtherType', () => {
  it.each([
    ['all were told', [PROTEIN, PROTEIN], 'input: protein FASTA, told by its letters'],
    ['one was too short to tell', [PROTEIN, SHORT], 'too few letters in 1.fa to tell'],
    ['none could be told', [SHORT], 'too few letters to tell protein from nucleotides; taken as protein'],
  ])('says what it saw when %s', async (_case, texts, said) => {
    const line = await refuseOtherType(await files(...texts), { translate: false, 'input-type': 'auto' });
    expect(line).toContain(said);
  });

  it('refuses the other type in any of the files, by name and with the hint', async () => {
    const inputs = await files(PROTEIN, GENOME);
    await expect(refuseOtherType(inputs, { translate: false, 'input-type': 'auto' })).rejects.toMatchObject({
      code: 'INPUT_TYPE',
      message: expect.stringMatching(/^1\.fa looks like nucleotide FASTA.*--translate/),
    });
    await expect(refuseOtherType(inputs, { translate: true, 'input-type': 'auto' })).rejects.toMatchObject({
      message: expect.stringMatching(/^0\.fa looks like protein FASTA.*without --translate/),
    });
  });

  it('does not look when it is told the type', async () => {
    const inputs = await files(GENOME);
    expect(await refuseOtherType(inputs, { translate: false, 'input-type': 'protein' })).toBeNull();
  });
});
