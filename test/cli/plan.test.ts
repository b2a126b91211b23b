import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
const options = ['--model', TINY_MODEL, '--device', 'cpu', '--workers', '2', '--token-budget', '2048'];

interface Plan {
  readonly scan: { readonly records: number; readonly tokens: number; readonly longRecords: number };
  readonly packs: number;
  readonly shards: number;
  readonly diskBytes: number;
}

test('a plan says what the run then does', async () => {
  const planned = await runProgram(['plan', PHAGE_PROTEINS, ...options, '--json']);
  expect(planned).toMatchObject({ code: 0 });
  const plan = JSON.parse(planned.stdout) as Plan;
  const out = directory.path('out');
  expect((await runProgram([PHAGE_PROTEINS, '-o', out, ...options])).code).toBe(0);
  const { totals } = JSON.parse(await readFile(`${out}/report.json`, 'utf8')) as {
    totals: { records: number; shards: number; packs: number };
  };
  expect(plan.scan.records).toBe(totals.records);
  expect(plan.shards).toBe(totals.shards);
  expect(plan.packs).toBeLessThanOrEqual(totals.packs);
  expect(plan.packs).toBeGreaterThan(0.8 * totals.packs);
  expect(plan.scan.longRecords).toBe(2);
  expect(plan.diskBytes).toBeGreaterThan(246 * 64 * 4 * 2);
});

test('a plan is readable, and refuses what a run would refuse', async () => {
  const { stdout } = await runProgram(['plan', PHAGE_PROTEINS, ...options]);
  expect(stdout).toMatch(/^input +246 records/m);
  expect(stdout).toMatch(/^packs +at least \d+ of 2,048 tokens/m);
  expect(await runProgram(['plan', directory.path('nothing.faa')])).toMatchObject({ code: 2 });
});

test('a plan says what it takes the input for, as a run does', async () => {
  const told = (type: string) => `input: ${type} FASTA, told by its letters`;
  const genome = join(process.cwd(), 'test/fixtures/virnucpro/inputs/phix.fasta');
  const translated = ['plan', genome, '--translate', '--chunk', '300', ...options];
  const { stdout, stderr } = await runProgram([...translated, '--json']);
  expect(stderr).not.toContain('input:');
  expect(JSON.parse(stdout)).toMatchObject({ translated: true, inputType: told('nucleotide') });
  expect((await runProgram(translated)).stderr).toContain(`${told('nucleotide')}\n`);
  expect((await runProgram(['plan', PHAGE_PROTEINS, ...options])).stderr).toContain(`${told('protein')}\n`);
  const given = await runProgram([...translated, '--input-type', 'nucleotide', '--json']);
  expect(JSON.parse(given.stdout)).toMatchObject({ inputType: null });
});

test('a plan for GPUs that are elsewhere: their budget, and a model that is too large for them', async () => {
  const plan = (...more: string[]) => runProgram(['plan', PHAGE_PROTEINS, '--model', TINY_MODEL, ...more]);
  const roomy = await plan('--assume-gpu-memory', '80GiB', '--gpus', '0,1');
  expect(roomy.stdout).toMatch(/^devices +2: cuda:0 \(assumed\), cuda:1 \(assumed\)/m);
  expect(roomy.stdout).toMatch(/^budget +16384 tokens per pack: 81920 MiB free/m);
  expect(await plan('--assume-gpu-memory', '1000MiB')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /tiny does not fit on the assumed GPU.*there are 1.0 GiB.*--token-budget N/,
    ) as unknown,
  });
  expect((await plan('--assume-gpu-memory', '1000MiB', '--token-budget', '512')).stdout).toMatch(
    /512 tokens per pack, as asked for/,
  );
  // Room for the smallest packs in float16, whose attention writes no scores, and not in float32.
  const half = await plan('--assume-gpu-memory', '1100MiB', '--max-residues', '20000');
  expect(half.stderr).toContain('with --precision fp16 this one would');
  const fits = await plan('--assume-gpu-memory', '1100MiB', '--max-residues', '20000', '--precision', 'fp16');
  expect(fits).toMatchObject({ code: 0 });
  expect(await plan('--assume-gpu-memory', '80GiB', '--precision', 'int8')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('int8 is for CPUs') as unknown,
  });
  expect(await plan('--assume-gpu-memory', '80')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('give the free memory of one GPU with its unit') as unknown,
  });
}, 60_000);
