import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { cosine, maxAbsoluteDifference, readNumpy, row } from '../program/numpy.ts';
import { killRunningPrograms, outputHashes, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

const base = [
  '--model',
  TINY_MODEL,
  '--device',
  'cpu',
  '--threads-per-worker',
  '1',
  '--token-budget',
  '2048',
];

async function embed(name: string, ...args: string[]): Promise<string> {
  return embedInto(directory.path(name), ...args);
}

async function embedInto(out: string, ...args: string[]): Promise<string> {
  const { code, stderr } = await runProgram([PHAGE_PROTEINS, '-o', out, ...base, ...args]);
  if (code !== 0) throw new Error(stderr);
  return out;
}

describe('the main job', () => {
  /** A run with one worker, which these tests only read. */
  let one = '';
  beforeAll(async () => {
    one = await embedInto(await mkdtemp(join(tmpdir(), 'virnucpro-test-')), '--workers', '1');
  });
  afterAll(() => rm(one, { recursive: true, force: true }));

  test('writes one row per record, in input order', async () => {
    const ids = [...(await readFile(PHAGE_PROTEINS, 'latin1')).matchAll(/^>(\S+)/gm)].map(
      (match) => match[1],
    );
    const [header, ...lines] = (await readFile(`${one}/sequences.tsv`, 'utf8')).trimEnd().split('\n');
    expect(header).toBe('row\tid\tresidues\ttruncated\tfile\tordinal');
    const rows = lines.map((line) => line.split('\t'));
    expect(rows.map(([, id]) => id)).toEqual(ids);
    expect(rows.map(([position]) => Number(position))).toEqual(ids.map((_, index) => index));
    expect(
      rows.filter(([, , , truncated]) => truncated === 'true').map(([, , residues]) => residues),
    ).toEqual(expect.arrayContaining(['1022']));
    expect((await readNumpy(`${one}/embeddings.npy`)).shape).toEqual([246, 64]);
  });

  test('gives the same bytes for any number of workers, loader threads and any way to hand in the input', async () => {
    const expected = await outputHashes(one);
    expect(await outputHashes(await embed('three', '--workers', '3', '--loader-threads', '2'))).toEqual(
      expected,
    );
    await writeFile(directory.path('phage.faa.gz'), gzipSync(await readFile(PHAGE_PROTEINS)));
    const gzipped = directory.path('gzipped');
    await runProgram([directory.path('phage.faa.gz'), '-o', gzipped, ...base]);
    const piped = directory.path('piped');
    await runProgram(['-', '-o', piped, ...base], { input: await readFile(PHAGE_PROTEINS) });
    for (const out of [gzipped, piped]) {
      expect((await outputHashes(out))['embeddings.npy']).toBe(expected['embeddings.npy']);
    }
  });

  test('packed rows equal those computed one by one', async () => {
    const packed = await readNumpy(`${one}/embeddings.npy`);
    const single = await readNumpy(`${await embed('single', '--no-packing')}/embeddings.npy`);
    for (let index = 0; index < packed.shape[0]!; index += 1) {
      expect(maxAbsoluteDifference(row(packed, index), row(single, index))).toBeLessThan(1e-5);
      expect(cosine(row(packed, index), row(single, index))).toBeGreaterThan(0.999999);
    }
  });

  test('computes repeated residues once, and gives each of the records its row', async () => {
    const records = (await readFile(PHAGE_PROTEINS, 'utf8')).split(/^(?=>)/m).slice(0, 60);
    // Every third record comes again under another name, in lower case and on one line.
    const again = (record: string, index: number): string =>
      `>again${index}\n${record.trimEnd().split('\n').slice(1).join('').toLowerCase()}\n`;
    const withRepeats = records.flatMap((record, index) =>
      index % 3 === 0 ? [record, again(record, index)] : [record],
    );
    const input = directory.path('repeats.faa');
    await writeFile(input, withRepeats.join(''));
    const [out, alone] = [directory.path('out'), directory.path('alone')];
    const options = [...base, '--shard-tokens', '100000'];
    expect((await runProgram([input, '-o', out, ...options])).code).toBe(0);
    const found = await readNumpy(`${out}/embeddings.npy`);
    expect(found.shape[0]).toBe(80);
    withRepeats.forEach((record, index) => {
      if (record.startsWith('>again')) expect(row(found, index)).toEqual(row(found, index - 1));
    });
    const { computed } = JSON.parse(await readFile(`${out}/report.json`, 'utf8')) as {
      computed: { sequences: number; copiedSequences: number };
    };
    // A shard may end between a record and its repeat.
    expect(computed.copiedSequences).toBeGreaterThan(10);
    expect(computed.sequences + computed.copiedSequences).toBe(80);
    expect((await runProgram([input, '-o', alone, ...options, '--no-packing'])).code).toBe(0);
    const single = await readNumpy(`${alone}/embeddings.npy`);
    for (let index = 0; index < 80; index += 1)
      expect(maxAbsoluteDifference(row(found, index), row(single, index))).toBeLessThan(1e-5);
  });

  test('says that a finished run is finished, verifies it, and refuses to mix it with another', async () => {
    const out = await embed('out');
    const before = await outputHashes(out);
    const again = await runProgram([PHAGE_PROTEINS, '-o', out, ...base]);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('complete');
    expect(await runProgram(['verify', out])).toMatchObject({ code: 0 });
    const other = await runProgram([PHAGE_PROTEINS, '-o', out, ...base, '--pooling', 'bos']);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('pooling: it was mean, now bos');
    expect(await outputHashes(out)).toEqual(before);
    const restarted = await runProgram([
      PHAGE_PROTEINS,
      '-o',
      out,
      ...base,
      '--pooling',
      'bos',
      '--force-restart',
    ]);
    expect(restarted.code).toBe(0);
    expect(await outputHashes(out)).not.toEqual(before);
  });

  test('rejects bad records with a reason, embeds the others, and exits with 3', async () => {
    const fasta = directory.path('mixed.faa');
    await writeFile(fasta, '>good1\nMKV\n>empty\n>bad\nMK5V\n>good2\nMKVL*\n');
    const out = directory.path('out');
    expect((await runProgram([fasta, '-o', out, ...base])).code).toBe(3);
    expect((await readNumpy(`${out}/embeddings.npy`)).shape).toEqual([2, 64]);
    const failed = await readFile(`${out}/failed.tsv`, 'utf8');
    expect(failed).toMatch(/^empty\t.*\tempty\t/m);
    expect(failed).toMatch(/^bad\t.*\tinvalid-character\t.*"5"/m);
  });

  test('says loudly that the demo model means nothing', async () => {
    const out = directory.path('out');
    const { code, stderr } = await runProgram([PHAGE_PROTEINS, '-o', out, '--device', 'cpu'], {
      env: { VIRNUCPRO_CACHE_DIR: directory.path('cache') },
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/demo model/i);
    expect(JSON.parse(await readFile(`${out}/manifest.json`, 'utf8'))).toMatchObject({
      model: { isDemo: true },
    });
  });
});
