import { mkdir, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, test } from '@jest/globals';

import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { killRunningPrograms, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

interface BadInput {
  readonly name: string;
  /** Makes the input; returns what comes behind the program's name. */
  readonly make: () => Promise<string[]>;
  readonly says: RegExp;
}

const run = (fasta: string, ...args: string[]) => [
  fasta,
  '-o',
  directory.path('out'),
  '--model',
  TINY_MODEL,
  '--device',
  'cpu',
  ...args,
];

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(directory.path(name), content);
  return directory.path(name);
}

const cases: readonly BadInput[] = [
  { name: 'an empty file', make: async () => run(await file('a.faa', '')), says: /empty/i },
  {
    name: 'a text that is no FASTA',
    make: async () => run(await file('a.faa', 'hello\nworld\n')),
    says: /FASTA/,
  },
  {
    name: 'a binary file',
    make: async () => run(await file('a.faa', Buffer.from([0, 1, 2, 255, 0]))),
    says: /binary/i,
  },
  {
    name: 'a truncated gzip file',
    make: async () => run(await file('a.faa.gz', gzipSync('>a\nMKV\n'.repeat(5000)).subarray(0, 60))),
    says: /breaks off before its end/,
  },
  {
    name: 'a duplicate id',
    make: async () => run(await file('a.faa', '>a\nMKV\n>b\nMKV\n>a\nMKL\n')),
    says: /"?a"?.*(twice|duplicate|already)|(twice|duplicate|already).*a/i,
  },
  { name: 'a missing file', make: () => Promise.resolve(run(directory.path('none.faa'))), says: /none\.faa/ },
  {
    name: 'missing weights',
    make: async () => {
      await mkdir(directory.path('model'));
      await file('model/config.json', '{"model_type":"esm"}');
      return [PHAGE_PROTEINS, '-o', directory.path('out'), '--model', directory.path('model')];
    },
    says: /model/,
  },
  {
    name: 'a model directory that is none',
    make: () =>
      Promise.resolve([PHAGE_PROTEINS, '-o', directory.path('out'), '--model', directory.path('none')]),
    says: /none/,
  },
  {
    name: 'a run folder that cannot be written',
    make: async () => [
      PHAGE_PROTEINS,
      '-o',
      `${await file('plain', 'x')}/out`,
      '--model',
      TINY_MODEL,
      '--device',
      'cpu',
    ],
    says: /run folder/,
  },
  {
    name: 'a GPU where there is none',
    make: () =>
      Promise.resolve([PHAGE_PROTEINS, '-o', directory.path('out'), '--model', TINY_MODEL, '--gpus', '0']),
    says: /No GPU found.*--device cpu/,
  },
  {
    name: 'a typo in a flag',
    make: () => Promise.resolve(run(PHAGE_PROTEINS, '--wrokers', '2')),
    says: /wrokers/,
  },
  {
    name: 'a value that does not fit',
    make: () => Promise.resolve(run(PHAGE_PROTEINS, '--workers', 'two')),
    says: /--workers.*"two"/,
  },
  {
    name: 'a typo in the config file',
    make: async () => run(PHAGE_PROTEINS, '--config', await file('c.yaml', 'tokenbudget: 12\n')),
    says: /c\.yaml.*tokenbudget/,
  },
  {
    name: 'a config file that is no YAML',
    make: async () => run(PHAGE_PROTEINS, '--config', await file('c.yaml', 'a: [1,\n')),
    says: /c\.yaml.*line/s,
  },
  { name: 'no output folder', make: () => Promise.resolve([PHAGE_PROTEINS]), says: /-o RUN_DIR/ },
];

test('a mended input runs in the folder where the broken one failed', async () => {
  const fasta = await file('a.faa', '>a\nMKV\n>a\nMKL\n');
  expect((await runProgram(run(fasta))).code).toBe(2);
  await file('a.faa', '>a\nMKV\n>b\nMKL\n');
  expect((await runProgram(run(fasta))).code).toBe(0);
});

describe('bad input gives one clear message and exit code 2', () => {
  test.each(cases)('$name', async ({ make, says }) => {
    const { code, stderr, stdout } = await runProgram(await make(), {
      // A machine with GPUs must not change what is tested.
      env: { PATH: process.env['PATH']?.replaceAll(/[^:]*cuda[^:]*/g, ''), CUDA_VISIBLE_DEVICES: '' },
    });
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at .*\.(js|ts):\d+/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
