import { writeFile } from 'node:fs/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { changedModel } from '../program/changed-model.ts';
import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { killRunningPrograms, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

interface CheckOptions {
  readonly precision?: string;
  readonly json?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

function check(model: string, fasta: string, { precision = 'fp16', json, env }: CheckOptions = {}) {
  const cpu = ['--device', 'cpu', '--workers', '1', '--threads-per-worker', '1'];
  const asked = ['--precision', precision, ...(json === true ? ['--json'] : [])];
  return runProgram(['model', 'check', model, '--fasta', fasta, ...cpu, ...asked], {
    env: { VIRNUCPRO_CACHE_DIR: directory.path('cache'), ...env },
  });
}

describe('model check', () => {
  test('says per length how far packed and fp16 rows are from fp32 one by one', async () => {
    const { code, stdout } = await check(TINY_MODEL, PHAGE_PROTEINS, { json: true });
    expect(code).toBe(0);
    const found = JSON.parse(stdout) as {
      packed: { sequences: number; maxAbsolute: number };
      narrow: { worstCosine: number; maxAbsolute: number; bins: { sequences: number }[] };
    };
    expect(found).toMatchObject({ model: 'tiny', precision: 'fp16', device: 'cpu', isGood: true });
    expect(found.packed).toMatchObject({ sequences: 246, missing: 0, limit: 0.999999, isEquivalent: true });
    expect(found.packed.maxAbsolute).toBeLessThan(1e-5);
    expect(found.narrow.worstCosine).toBeGreaterThan(0.9999);
    expect(found.narrow.worstCosine).toBeLessThan(1);
    expect(found.narrow.bins.reduce((sum, { sequences }) => sum + sequences, 0)).toBe(246);
  });

  test('compares int8 with --precision int8', async () => {
    const { code, stdout } = await check(TINY_MODEL, PHAGE_PROTEINS, { precision: 'int8' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^packed in int8\n(.*\n)*the worst, \S+, is at least 0\.99$/m);
  });

  test('exits with 1 for a model that fp16 spoils, and names the worst sequence', async () => {
    // All columns of the residual stream lie at 4000, where float16 numbers are 2 to 4 apart.
    const model = directory.path('spoiled');
    const changes = Array.from({ length: 64 }, (_, at) => ({
      tensor: 'layer.0.attention.output.dense.bias',
      at,
      value: 4000,
    }));
    await changedModel(TINY_MODEL, model, changes);
    const { code, stdout } = await check(model, PHAGE_PROTEINS);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^packed in fp32\n(.*\n)*the worst, \S+, is at least 0\.999999$/m);
    expect(stdout).toMatch(/^all .* !$/m);
    expect(stdout).toMatch(/^the worst, KFKTCCUD_CDS_\d+, is below 0\.99$/m);
    expect(stdout).toMatch(/^NOT good/m);
  });

  test('with --precision fp32 checks the packing alone; as a task among others in Slurm it still checks all', async () => {
    const slurm = { SLURM_STEP_ID: '0', SLURM_PROCID: '1', SLURM_STEP_NUM_TASKS: '2' };
    const { code, stdout } = await check(TINY_MODEL, PHAGE_PROTEINS, { precision: 'fp32', env: slurm });
    expect(code).toBe(0);
    expect(stdout).not.toContain('fp16');
    expect(stdout).toMatch(/^all +246 /m);
  });

  test('refuses standard input, which it cannot read three times', async () => {
    const { code, stderr } = await check(TINY_MODEL, '-');
    expect(code).toBe(2);
    expect(stderr).toContain('Write them to a file');
  });

  test.each<[string, string, RegExp]>([
    ['a file without a usable record', '>a\nMK5\n', /Not one record of .* could be embedded/],
    ['no FASTA', 'hello\n', /FASTA/],
  ])('refuses %s with exit code 2', async (_, content, says) => {
    await writeFile(directory.path('in.faa'), content);
    const { code, stderr } = await check(TINY_MODEL, directory.path('in.faa'));
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});
