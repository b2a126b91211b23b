import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();

/** What the original wrote: see README.md there. */
const FIXTURES = join(process.cwd(), 'test/fixtures/virnucpro');

/** The one input that the library takes and the program refuses. */
const EMPTY_FILE = 'edge_empty_file.fasta';

interface GoldenRun {
  readonly input: string;
  readonly chunk: number;
  readonly error: string | null;
}

async function processedInputs(chunk: number): Promise<string[]> {
  const { runs } = JSON.parse(await readFile(join(FIXTURES, 'manifest.json'), 'utf8')) as {
    runs: GoldenRun[];
  };
  return runs.filter((run) => run.error === null && run.chunk === chunk).map(({ input }) => input);
}

/** One behind the other, as one command writes them. */
async function expectedFile(inputs: readonly string[], chunk: number, ending: string): Promise<Buffer> {
  const names = inputs.map((input) => `${input.split('.fa')[0] ?? input}${ending}`);
  return Buffer.concat(
    await Promise.all(names.map((name) => readFile(join(FIXTURES, 'expected', String(chunk), name)))),
  );
}

describe.each([300, 500])('the program, in chunks of %d', (chunk) => {
  test('writes what the original wrote of 22 inputs', async () => {
    const inputs = (await processedInputs(chunk)).filter((input) => input !== EMPTY_FILE);
    expect(inputs).toHaveLength(22);
    const paths = inputs.map((input) => join(FIXTURES, 'inputs', input));
    const prefix = directory.path('all');
    const translated = await runProgram(['translate', ...paths, '-o', prefix, '--chunk', String(chunk)]);
    expect(translated).toMatchObject({ code: 0 });
    for (const ending of [`_chunked${chunk}.fa`, '_identified_nucleotide.fa', '_identified_protein.faa']) {
      const written = await readFile(`${prefix}${ending}`);
      // Not toEqual: its report of a difference in so many bytes would take minutes.
      expect(written.equals(await expectedFile(inputs, chunk, ending))).toBe(true);
    }
  });
});

test('the empty file, of which the original makes three empty ones, is refused', async () => {
  const empty = join(FIXTURES, 'inputs', EMPTY_FILE);
  const refused = await runProgram(['translate', empty, '-o', directory.path('x'), '--chunk', '300']);
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/edge_empty_file\.fasta is empty/),
  });
});
