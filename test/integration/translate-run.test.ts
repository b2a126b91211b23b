import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { maxAbsoluteDifference, readNumpy, row } from '../program/numpy.ts';
import {
  killRunningPrograms,
  outputHashes,
  RunningProgram,
  runProgram,
  type ProgramEvent,
} from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

const GENOMES = join(process.cwd(), 'test/fixtures/virnucpro/inputs');
/** Has a stop codon in every frame. */
const NO_OPEN_FRAME = 'TAATTAATTAATTTAATTAATTAA';

const settings = ['--model', TINY_MODEL, '--device', 'cpu', '--threads-per-worker', '1', '--json'];
const small = [...settings, '--token-budget', '512', '--shard-tokens', '1024'];
const translated = (input: string, out: string, ...args: string[]) => [
  input,
  '-o',
  out,
  '--translate',
  '--chunk',
  '300',
  ...args,
];
const is = (name: string) => (event: ProgramEvent) => event.event === name;

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(directory.path(name), content);
  return directory.path(name);
}

/** Real genomes, in other line ends and letter case, with a repeated record and one without an open frame. */
async function nucleotides(): Promise<string> {
  const genome = (name: string) => readFile(join(GENOMES, name), 'latin1');
  const [phix, flu, lambda] = await Promise.all(['phix.fasta', 'flu_ha.fasta', 'lambda.fa'].map(genome));
  const again = flu!.replace(/^>/, '>again ').replaceAll('\n', '\r\n');
  return [
    phix,
    `>none\n${NO_OPEN_FRAME}\n`,
    flu,
    again,
    lambda!.replace(/^[ACGT]+$/gm, (l) => l.toLowerCase()),
  ].join('');
}

async function table(out: string, name: string): Promise<Record<string, string>[]> {
  const [header, ...lines] = (await readFile(`${out}/${name}`, 'utf8')).trimEnd().split('\n');
  const columns = header!.split('\t');
  return lines.map((line) => {
    const fields = line.split('\t');
    return Object.fromEntries(columns.map((column, at) => [column, fields[at] ?? '']));
  });
}

async function run(args: readonly string[], code = 0): Promise<void> {
  const result = await runProgram(args);
  if (result.code !== code) throw new Error(`exit code ${result.code}: ${result.stderr}`);
}

describe('run --translate', () => {
  /** Some records, and a run of them with one worker, which the tests only read. */
  let [shared, genomes, one] = ['', '', ''];
  beforeAll(async () => {
    shared = await mkdtemp(join(tmpdir(), 'virnucpro-genomes-'));
    [genomes, one] = [join(shared, 'genomes.fna'), join(shared, 'one')];
    await writeFile(genomes, await nucleotides());
    await run(translated(genomes, one, ...small, '--workers', '1'));
  }, 60_000);
  afterAll(() => rm(shared, { recursive: true, force: true }));

  test('gives the rows of translating first and embedding the proteins then, in the same order', async () => {
    const text = await nucleotides();
    const input = await file('genomes.fna.gz', gzipSync(text));
    const [out, expected] = [directory.path('out'), directory.path('expected')];
    await run(translated(input, out, ...small));
    await run(['translate', input, '-o', directory.path('t'), '--chunk', '300']);
    await run([directory.path('t_identified_protein.faa'), '-o', expected, ...small]);
    const [found, wanted] = [await table(out, 'sequences.tsv'), await table(expected, 'sequences.tsv')];
    const comparable = ({ row: number, id, residues, truncated: cut }: Record<string, string>) => [
      number,
      id,
      residues,
      cut,
    ];
    expect(found.length).toBeGreaterThan(150);
    expect(found.map(comparable)).toEqual(wanted.map(comparable));
    const [rows, wantedRows] = [
      await readNumpy(`${out}/embeddings.npy`),
      await readNumpy(`${expected}/embeddings.npy`),
    ];
    expect(rows.shape).toEqual(wantedRows.shape);
    for (let index = 0; index < found.length; index += 1)
      expect(maxAbsoluteDifference(row(rows, index), row(wantedRows, index))).toBeLessThan(1e-5);
    expect(await runProgram(['verify', out])).toMatchObject({ code: 0 });
    const report = JSON.parse(await readFile(`${out}/report.json`, 'utf8')) as {
      totals: { records: number; tokens: number };
    };
    const tokens = found.reduce((sum, { residues }) => sum + Number(residues) + 2, 0);
    expect(report.totals).toMatchObject({ records: 5, tokens });
  });

  test('says of each row where on its record the codons are', async () => {
    const records = (await readFile(genomes, 'latin1'))
      .split(/^>/m)
      .slice(1)
      .map((record) => {
        const [header = '', ...lines] = record.split(/\r?\n/);
        return { id: header.split(' ')[0], bases: lines.join('').toUpperCase() };
      });
    const complement: Readonly<Record<string, string>> = { A: 'T', C: 'G', G: 'C', T: 'A' };
    for (const { id, residues, ordinal, source, chunk, frame, strand, start, end } of await table(
      one,
      'sequences.tsv',
    )) {
      const record = records[Number(ordinal)]!;
      expect(source).toBe(record.id);
      expect(id).toBe(`${source}_chunk_${chunk}${frame}`);
      expect(strand).toBe(frame!.startsWith('F') ? '+' : '-');
      const bases = record.bases.slice(Number(start) - 1, Number(end));
      expect(bases).toHaveLength(3 * Number(residues));
      const read =
        strand === '+'
          ? bases
          : Array.from(bases)
              .reverse()
              .map((base) => complement[base])
              .join('');
      expect(read.match(/.../g)).not.toEqual(expect.arrayContaining([expect.stringMatching(/TAA|TAG|TGA/)]));
    }
  });

  test('gives the same bytes for any number of workers, after the death of one, and after a stop', async () => {
    const job = (out: string, workers: string) => translated(genomes, out, ...small, '--workers', workers);
    const [three, killed, stopped] = ['three', 'killed', 'stopped'].map((name) => directory.path(name));
    const expected = await outputHashes(one);
    await run(job(three!, '3'));
    expect(await outputHashes(three!)).toEqual(expected);

    const disturbed = new RunningProgram(job(killed!, '2'));
    const { pid } = await disturbed.event(is('worker-started'));
    await disturbed.event(is('shard-completed'), 2);
    process.kill(pid as number, 'SIGKILL');
    await disturbed.event(is('worker-lost'));
    expect((await disturbed.result).code).toBe(0);
    expect(await outputHashes(killed!)).toEqual(expected);

    const first = new RunningProgram(job(stopped!, '2'));
    await first.event(is('shard-completed'), 2);
    first.kill('SIGTERM');
    expect((await first.result).code).toBe(75);
    const resumed = new RunningProgram(['resume', stopped!, '--json', '--workers', '1']);
    await resumed.event(is('shard-found-done'));
    expect((await resumed.result).code).toBe(0);
    expect(await outputHashes(stopped!)).toEqual(expected);
  });

  test('rejects records that cannot be translated under their own name; the others get their rows', async () => {
    const input = await file(
      'a.fna',
      '>good\nATGGCCGCC\n>bad\nACGT\nACLT\n>empty\n\n>none\n>after\nATGGCCGCC\n',
    );
    const out = directory.path('out');
    await run(translated(input, out, ...settings), 3);
    const failed = await table(out, 'failed.tsv');
    expect(failed.map(({ id, ordinal, reason }) => [id, ordinal, reason])).toEqual([
      ['bad', '1', 'invalid-character'],
      ['empty', '2', 'empty'],
      ['none', '3', 'empty'],
    ]);
    expect(failed[0]!['detail']).toBe('"L" (0x4c) at base 7 is no nucleotide letter');
    const found = await table(out, 'sequences.tsv');
    expect([...new Set(found.map(({ source }) => source))]).toEqual(['good', 'after']);
  });

  test('of records without an open frame is complete, has no rows and says so', async () => {
    const input = await file('a.fna', `>a\n${NO_OPEN_FRAME}\n>b\n${'N'.repeat(700)}\n`);
    const out = directory.path('out');
    const { code, stdout } = await runProgram(
      translated(input, out, '--model', TINY_MODEL, '--device', 'cpu', '--no-progress'),
    );
    expect(code).toBe(0);
    expect(stdout).toContain('2 nucleotide records have no open frame');
    expect((await readNumpy(`${out}/embeddings.npy`)).shape).toEqual([0, 64]);
    expect(await table(out, 'sequences.tsv')).toEqual([]);
    expect(await runProgram(['verify', out])).toMatchObject({ code: 0 });
  });

  test('with --orfs gives the pieces between stops, as translate names them', async () => {
    const input = join(GENOMES, 'phix.fasta');
    const options = ['--orfs', '--min-residues', '30', '--genetic-code', '11'];
    const out = directory.path('out');
    await run(translated(input, out, ...settings, ...options, '--max-residues', '50', '--long', 'reject'), 3);
    await run(['translate', input, '-o', directory.path('t'), '--chunk', '300', ...options]);
    const proteins = (await readFile(directory.path('t_identified_protein.faa'), 'latin1')).match(/^.+$/gm)!;
    const lengths = new Map<string, number>();
    for (let at = 0; at < proteins.length; at += 2)
      lengths.set(proteins[at]!.slice(1), proteins[at + 1]!.length);
    const found = await table(out, 'sequences.tsv');
    const failed = await table(out, 'failed.tsv');
    expect(found.length).toBeGreaterThan(40);
    const rejected = new Set(failed.map(({ id }) => id));
    expect(found.map(({ id, residues }) => [id, Number(residues)])).toEqual(
      [...lengths].filter(([id]) => !rejected.has(id)),
    );
    expect([...lengths].filter(([, length]) => length > 50).map(([id]) => id)).toEqual([...rejected]);
    for (const { residues, start, end } of found)
      expect(Number(end) - Number(start) + 1).toBe(3 * Number(residues));
  });

  test('refuses to go on with another chunk length, code or least length, and with proteins', async () => {
    const input = join(GENOMES, 'flu_ha.fasta');
    const out = directory.path('out');
    await run(translated(input, out, ...settings));
    for (const [args, says] of [
      [['--chunk', '500', '--translate'], 'chunkLength: it was 300, now 500'],
      [['--chunk', '300', '--translate', '--genetic-code', '4'], 'geneticCode: it was 1, now 4'],
      [['--chunk', '300', '--translate', '--min-residues', '5'], 'minResidues: it was 1, now 5'],
      [['--chunk', '300', '--translate', '--orfs'], 'orfs: it was false, now true'],
      [[], 'chunkLength: it was 300, now undefined'],
    ] as const) {
      const { code, stderr } = await runProgram([input, '-o', out, ...settings, ...args]);
      expect({ code, says: stderr.includes(says) }).toEqual({ code: 2, says: true });
    }
  });
});

describe('input of the other type is refused before anything is computed, with a hint', () => {
  test.each([
    [
      'nucleotides as proteins',
      join(GENOMES, 'phix.fasta'),
      [],
      /looks like nucleotide FASTA: 100\.0 %.*--translate/,
    ],
    [
      'proteins as nucleotides',
      PHAGE_PROTEINS,
      ['--translate', '--chunk', '300'],
      /looks like protein FASTA: .*without --translate/,
    ],
  ])('%s', async (_, input, args, says) => {
    const out = directory.path('out');
    for (const command of [
      ['plan', input],
      [input, '-o', out],
    ]) {
      const { code, stderr } = await runProgram([
        ...command,
        '--model',
        TINY_MODEL,
        '--device',
        'cpu',
        ...args,
      ]);
      expect(code).toBe(2);
      expect(stderr).toMatch(says);
    }
  });

  test('unless the person says what it is', async () => {
    const input = await file('peptides.faa', `>a\n${'GATTACA'.repeat(60)}\n`);
    const out = directory.path('out');
    await run([input, '-o', out, ...settings], 2);
    await run([input, '-o', out, ...settings, '--input-type', 'protein']);
    expect(await table(out, 'sequences.tsv')).toMatchObject([{ id: 'a', residues: '420' }]);
  });

  test.each([
    [['--translate'], /--chunk 300 or 500/],
    [['--translate', '--chunk', '400'], /--chunk is "400": expected 300 or 500/],
    [['--chunk', '300'], /--translate, which is not given/],
    [['--translate', '--chunk', '300', '--min-residues', '101'], /--min-residues 101 drops all/],
    [['--translate', '--chunk', '300', '--genetic-code', '7'], /expected a translation table of NCBI: 1, 2/],
    [['--translate', '--chunk', '300', '--input-type', 'protein'], /--input-type says protein/],
    [['--input-type', 'nucleotide'], /needs --translate/],
  ])('and options that do not fit together: %j', async (args, says) => {
    const { code, stderr } = await runProgram([
      join(GENOMES, 'phix.fasta'),
      '-o',
      directory.path('out'),
      ...args,
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
  });
});
