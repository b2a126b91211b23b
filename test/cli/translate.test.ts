import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, test } from '@jest/globals';

import { PHAGE_PROTEINS } from '../program/fixtures.ts';
import { withFaults } from '../faults/faults.ts';
import {
  killRunningPrograms,
  RunningProgram,
  runProgram,
  type ProgramOptions,
} from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

const GOLDEN = join(process.cwd(), 'test/fixtures/virnucpro');
const FLU = join(GOLDEN, 'inputs/flu_ha.fasta');
const PHIX = join(GOLDEN, 'inputs/phix.fasta');

const translate = (args: readonly string[], options?: ProgramOptions) =>
  runProgram(['translate', ...args], options);
const to = (name: string, chunk = '300') => ['-o', directory.path(name), '--chunk', chunk];

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(directory.path(name), content);
  return directory.path(name);
}

async function outputs(prefix: string, chunk = '300'): Promise<Buffer[]> {
  const endings = [`_chunked${chunk}.fa`, '_identified_nucleotide.fa', '_identified_protein.faa'];
  return Promise.all(endings.map((ending) => readFile(`${prefix}${ending}`)));
}

const expected = (name: string, chunk = '300') => outputs(join(GOLDEN, 'expected', chunk, name), chunk);

describe('translate writes what VirNucPro writes', () => {
  test.each(['300', '500'])('in chunks of %s, from a plain file', async (chunk) => {
    const { code, stdout, stderr } = await translate([PHIX, ...to('new/folder/phix', chunk)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^input +1 records, 5,386 bases$/m);
    expect(await outputs(directory.path('new/folder/phix'), chunk)).toEqual(await expected('phix', chunk));
    expect(await readdir(directory.path('new/folder'))).toHaveLength(3);
  });

  test('from gzip, of one member or several', async () => {
    const bytes = await readFile(PHIX);
    const members = [bytes.subarray(0, 1000), bytes.subarray(1000)].map((part) => gzipSync(part));
    const gzip = await file('phix.fa.gz', Buffer.concat(members));
    expect((await translate([gzip, ...to('phix')])).code).toBe(0);
    expect(await outputs(directory.path('phix'))).toEqual(await expected('phix'));
  });

  test('from standard input, plain and gzipped', async () => {
    const input = await readFile(PHIX);
    for (const bytes of [input, gzipSync(input)]) {
      expect((await translate(['-', ...to('phix')], { input: bytes })).code).toBe(0);
      expect(await outputs(directory.path('phix'))).toEqual(await expected('phix'));
    }
  });

  test('from several files, one behind the other', async () => {
    expect((await translate([FLU, PHIX, ...to('both')])).code).toBe(0);
    const [flu, phix] = [await expected('flu_ha'), await expected('phix')];
    const both = flu.map((bytes, index) => Buffer.concat([bytes, phix[index]!]));
    expect(await outputs(directory.path('both'))).toEqual(both);
  });

  test('only the proteins when nothing else is wanted, by flag or variable', async () => {
    const [, , proteins] = await expected('phix');
    const only = (...args: string[]) => translate([PHIX, ...to('out/x'), ...args]);
    for (const { code, stdout, stderr } of [
      await only('--proteins-only'),
      await translate([PHIX, ...to('out/x')], { env: { VIRNUCPRO_PROTEINS_ONLY: '1' } }),
    ]) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(
        /^chunks +18, not written\nproteins +\d+ in .*out\/x_identified_protein\.faa\n$/m,
      );
      expect(await readdir(directory.path('out'))).toEqual(['x_identified_protein.faa']);
      expect(await readFile(directory.path('out/x_identified_protein.faa'))).toEqual(proteins);
    }
    const env = { VIRNUCPRO_PROTEINS_ONLY: 'perhaps' };
    expect(await translate([PHIX, ...to('out/x')], { env })).toMatchObject({
      code: 2,
      stderr: 'error: VIRNUCPRO_PROTEINS_ONLY is "perhaps": expected true or false.\n',
    });
  });

  test('and then the proteins can be embedded', async () => {
    await translate([PHIX, ...to('phix')]);
    const planned = await runProgram([
      'plan',
      directory.path('phix_identified_protein.faa'),
      '--device',
      'cpu',
    ]);
    expect(planned).toMatchObject({ code: 0 });
  });
});

test('an empty record, on which the original crashes, is passed over and named; exit code 3', async () => {
  const fasta = await file('a.fa', '>a\nACGTACGTA\n>empty\n>b\nACGTACGTA\n');
  const { code, stderr } = await translate([fasta, ...to('a')]);
  expect(code).toBe(3);
  expect(stderr).toMatch(/^warning: Records without sequence: 1, .*a\.fa, line 3\.$/m);
  const [chunks] = await outputs(directory.path('a'));
  expect(chunks?.toString()).toBe('>a_chunk_1\nACGTACGTA\n>b_chunk_1\nACGTACGTA\n');
});

test('text before the first record is ignored as in the original, but not silently', async () => {
  const { code, stderr } = await translate([join(GOLDEN, 'inputs/edge_leading_text.fasta'), ...to('x')]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^warning: .*edge_leading_text\.fasta does not begin with ">"/);
  expect(await outputs(directory.path('x'))).toEqual(await expected('edge_leading_text'));
});

interface BadInput {
  readonly name: string;
  readonly make: () => Promise<string[]>;
  readonly says: RegExp;
}

const cases: readonly BadInput[] = [
  {
    name: 'a protein file',
    make: () => Promise.resolve([PHAGE_PROTEINS, ...to('x')]),
    says: /phage_SAOMS1\.faa, line 2, record "[^"]+": "I" is no nucleotide letter\. This looks like protein/,
  },
  { name: 'an empty file', make: async () => [await file('a.fa', ''), ...to('x')], says: /a\.fa is empty/ },
  {
    name: 'blank lines',
    make: async () => [await file('a.fa', '\n \n'), ...to('x')],
    says: /no FASTA record/,
  },
  { name: 'empty standard input', make: () => Promise.resolve(['-', ...to('x')]), says: /standard input/ },
  {
    name: 'a text',
    make: async () => [await file('a.fa', 'hello\n'), ...to('x')],
    says: /is not FASTA.*"hello"/,
  },
  {
    name: 'FASTQ',
    make: async () => [await file('a.fq', '@r\nACGT\n+\n>>>>\n'), ...to('x')],
    says: /FASTQ: convert it first/,
  },
  {
    name: 'a binary file',
    make: async () => [await file('a.fa', Buffer.from([1, 0, 62, 255])), ...to('x')],
    says: /binary/,
  },
  {
    name: 'a truncated gzip file',
    make: async () => [await file('a.fa.gz', gzipSync(await readFile(PHIX)).subarray(0, 900)), ...to('x')],
    says: /a\.fa\.gz is a gzip file that breaks off before its end/,
  },
  {
    name: 'a damaged gzip file',
    make: async () => [
      await file('a.fa.gz', gzipSync(await readFile(PHIX)).fill(0xff, 300, 400)),
      ...to('x'),
    ],
    says: /a\.fa\.gz is a damaged gzip file/,
  },
  {
    name: 'a missing file',
    make: () => Promise.resolve([directory.path('none.fa'), ...to('x')]),
    says: /none\.fa does not exist/,
  },
  {
    name: 'another chunk length',
    make: () => Promise.resolve([PHIX, ...to('x', '400')]),
    says: /--chunk is "400": expected 300 or 500/,
  },
  {
    name: 'no chunk length',
    make: () => Promise.resolve([PHIX, '-o', directory.path('x')]),
    says: /--chunk 300 or 500/,
  },
  { name: 'no prefix', make: () => Promise.resolve([PHIX, '--chunk', '300']), says: /-o PREFIX/ },
  {
    name: 'a folder for a prefix',
    make: () => Promise.resolve([PHIX, ...to('x/')]),
    says: /-o out\/contigs/,
  },
  {
    name: 'a prefix that cannot be written',
    make: async () => [PHIX, ...to(`${(await file('plain', 'x')).split('/').at(-1)!}/x`)],
    says: /plain\/x_identified_protein\.faa cannot be written/,
  },
];

describe('bad input gives one clear message, exit code 2 and no file', () => {
  test.each(cases)('$name', async ({ make, says }) => {
    const { code, stderr, stdout } = await translate(await make());
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at .*\.(js|ts):\d+/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect((await readdir(directory.path())).filter((name) => name.startsWith('x'))).toEqual([]);
  });
});

test.each(['x_identified_protein.faa', 'x_identified_protein.faa.part'])(
  'a folder in the place of %s is named before the work, and stays',
  async (name) => {
    await mkdir(directory.path(name));
    const { code, stderr } = await translate([PHIX, ...to('x')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: .*x_identified_protein\.faa\S* is a directory, no file\. Move it away.*\n$/,
    );
    expect(stderr).toContain(`/${name} is`);
    expect(await readdir(directory.path())).toEqual([name]);
  },
);

test('a pipe in the place of a file is neither written nor replaced', async () => {
  const pipe = directory.path('x_chunked300.fa');
  execFileSync('mkfifo', [pipe]);
  const { code, stderr } = await translate([PHIX, ...to('x')]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: .*x_chunked300\.fa is a pipe, no file\..*\n$/);
  expect(await readdir(directory.path())).toEqual(['x_chunked300.fa']);
  // Nothing of it would be touched.
  expect((await translate([PHIX, ...to('x'), '--proteins-only'])).code).toBe(0);
});

test('a failure leaves the files of an earlier translation as they were', async () => {
  await translate([PHIX, ...to('phix')]);
  const bad = await file('bad.fa', `>good\n${'ACGT'.repeat(1_000_000)}\n>bad\nACGTL\n`);
  expect((await translate([bad, ...to('phix')])).code).toBe(2);
  expect(await outputs(directory.path('phix'))).toEqual(await expected('phix'));
  expect(await readdir(directory.path())).toHaveLength(4);
});

test('an input is never replaced by its own translation', async () => {
  await mkdir(directory.path('in'));
  const input = directory.path('in/phix_chunked300.fa');
  await copyFile(PHIX, input);
  const { code, stderr } = await translate([input, ...to('in/phix')]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/phix_chunked300\.fa is an input/);
  expect(await readFile(input)).toEqual(await readFile(PHIX));
});

test('with --proteins-only the other files of an earlier translation stay, and are named', async () => {
  await translate([FLU, ...to('x')]);
  const [chunks, nucleotides] = await outputs(directory.path('x'));
  const { code, stderr } = await translate([PHIX, ...to('x'), '--proteins-only']);
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^warning: .* earlier translation: \S+x_chunked300\.fa, \S+x_identified_nucleotide\.fa\.\n$/,
  );
  const [, , proteins] = await expected('phix');
  expect(await outputs(directory.path('x'))).toEqual([chunks, nucleotides, proteins]);
});

test('chunks of the other length stay, and are named', async () => {
  await translate([PHIX, ...to('x')]);
  const { code, stderr } = await translate([PHIX, ...to('x', '500')]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^warning: .* earlier translation: \S+x_chunked300\.fa\.\n$/);
  const [chunks] = await expected('phix');
  expect(await readFile(directory.path('x_chunked300.fa'))).toEqual(chunks);
  expect(await outputs(directory.path('x'), '500')).toEqual(await expected('phix', '500'));
});

test('with --proteins-only the chunks of a translation can be the input, beside the proteins', async () => {
  await translate([PHIX, ...to('x')]);
  const input = directory.path('x_chunked300.fa');
  const before = await readFile(input);
  const { code, stderr } = await translate([input, ...to('x'), '--proteins-only']);
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining('chunked300') });
  expect(await readFile(input)).toEqual(before);
});

/** Waits until it writes its three files. */
async function partsOf(program: RunningProgram): Promise<void> {
  const parts = async (): Promise<string[]> =>
    (await readdir(directory.path('out'))).filter((name) => name.endsWith('.part'));
  while ((await parts()).length < 3) expect(program.ended).toBe(false);
}

test('the files of a command that is at work are not written by another', async () => {
  await mkdir(directory.path('out'));
  const first = new RunningProgram(['translate', '-', ...to('out/x')], { keepsInput: true });
  first.write(`>a\n${'ACGT'.repeat(1000)}\n`);
  await partsOf(first);
  const second = await translate([PHIX, ...to('out/x')]);
  expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining(`process ${first.pid} on`) });
  first.kill('SIGTERM');
  expect((await first.result).code).toBe(75);
  expect((await translate([PHIX, ...to('out/x')])).code).toBe(0);
});

test.each([
  ['with --proteins-only', ['--chunk', '300', '--proteins-only']],
  ['in the other chunk length', ['--chunk', '500']],
])('what a killed command began is removed, also %s, and nothing else', async (_how, next) => {
  await mkdir(directory.path('out'));
  const killed = new RunningProgram(['translate', '-', ...to('out/x')], { keepsInput: true });
  killed.write(`>a\n${'ACGT'.repeat(1000)}\n`);
  await partsOf(killed);
  killed.kill('SIGKILL');
  await killed.result;
  const others = ['x_chunked400.fa.part', 'xx_chunked300.fa.part', 'x_chunked300.fa.old.part'];
  for (const name of others) await writeFile(directory.path('out', name), '');
  expect((await translate([PHIX, '-o', directory.path('out/x'), ...next])).code).toBe(0);
  const names = await readdir(directory.path('out'));
  expect(names.filter((name) => !/^x_(chunked500|identified_\w+)\.faa?$/.test(name)).sort()).toEqual(
    others.sort(),
  );
});

test('an input with the name of a temporary file is not removed', async () => {
  const input = directory.path('x_chunked500.fa.part');
  await copyFile(PHIX, input);
  const { code, stderr } = await translate([input, ...to('x')]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('.part is an input') });
  expect(await readdir(directory.path())).toEqual(['x_chunked500.fa.part']);
});

test('VIRNUCPRO_ variables count as they do for run --translate', async () => {
  const env = { VIRNUCPRO_CHUNK: '300', VIRNUCPRO_GENETIC_CODE: '4' };
  expect((await translate([PHIX, '-o', directory.path('variables')], { env })).code).toBe(0);
  expect((await translate([PHIX, ...to('flags'), '--genetic-code', '4'])).code).toBe(0);
  expect(await outputs(directory.path('variables'))).toEqual(await outputs(directory.path('flags')));
});

describe('translate that cannot go on leaves no file behind, exit code 75', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('at %s', async (signal) => {
    await mkdir(directory.path('out'));
    const program = new RunningProgram(['translate', '-', ...to('out/x')], { keepsInput: true });
    program.write(`>a\n${'ACGT'.repeat(1000)}\n`);
    await partsOf(program);
    program.kill(signal);
    const { code, stderr } = await program.result;
    expect({ code, stderr }).toEqual({
      code: 75,
      stderr: `error: Stopped by ${signal}: no file was written.\n`,
    });
    expect(await readdir(directory.path('out'))).toEqual([]);
  });

  test('but not at SIGHUP, where there is no terminal', async () => {
    await mkdir(directory.path('out'));
    const program = new RunningProgram(['translate', '-', ...to('out/x')], { keepsInput: true });
    program.write(`>a\n${'ACGT'.repeat(1000)}\n`);
    await partsOf(program);
    program.kill('SIGHUP');
    // It says which signal stopped it: the first of those that count.
    program.kill('SIGTERM');
    expect(await program.result).toMatchObject({
      code: 75,
      stderr: 'error: Stopped by SIGTERM: no file was written.\n',
    });
  });

  test.each([
    ['write', 'ENOSPC', 'the disk is full; '],
    ['sync', 'ENOSPC', 'the disk is full; '],
    ['write', 'EFBIG', 'a file would be larger than is allowed; raise the limit (ulimit -f)'],
  ])('at a %s that says %s', async (call, errno, says) => {
    const calls = directory.path('calls');
    await translate([PHIX, ...to('counted')], withFaults({ countCalls: calls }));
    const names = (await readFile(`${calls}.program`, 'utf8')).trim().split('\n');
    // The last write is one of the files', not of the lock beside them; the first sync comes before any file has its name.
    const at = (call === 'write' ? names.lastIndexOf(call) : names.indexOf(call)) + 1;
    await mkdir(directory.path('out'));
    const fault = { at, how: 'fail', errno, once: directory.path('once') } as const;
    const { code, stderr } = await translate([PHIX, ...to('out/x')], withFaults({ programFiles: fault }));
    expect(stderr).toMatch(/^error: .*\/out\/x_\w+\.faa? could not be written \(\w+\): .*\n$/);
    expect(stderr).toContain(`(${errno}): ${says}`);
    expect(code).toBe(75);
    expect(await readdir(directory.path('out'))).toEqual([]);
  });
});
