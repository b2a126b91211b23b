import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, test } from '@jest/globals';

import type { Report } from '@virnucpro/monitor';

import { is } from '../faults/faults.ts';
import { unfaulted } from '../faults/unfaulted.ts';
import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { killRunningPrograms, outputHashes, RunningProgram, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

const SMALL = ['--model', TINY_MODEL, '--threads-per-worker', '1', '--token-budget', '512'];
const ON_CPU = ['--device', 'cpu', '--workers', '1', ...SMALL, '--shard-tokens', '1024'];
const job = (out: string, ...more: string[]): string[] => [PHAGE_PROTEINS, '-o', out, ...ON_CPU, ...more];
/** The same of another input. */
const of = (input: string, args: readonly string[]): string[] => [input, ...args.slice(1)];
const node = (out: string, rank: number, count: number): string[] =>
  job(out, '--num-nodes', String(count), '--node-rank', String(rank));

/** A dozen shards, for tests that do not look at the bytes. */
async function fewRecords(): Promise<string> {
  const input = directory.path('few.faa');
  const records = (await readFile(PHAGE_PROTEINS, 'utf8')).split(/^(?=>)/m);
  await writeFile(input, records.slice(0, 60).join(''));
  return input;
}

describe('a run that several nodes share', () => {
  test('gives, after the merge, the bytes of a run on one machine', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    const results = await Promise.all([0, 1, 2].map((rank) => runProgram(node(out, rank, 3))));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(results[1]?.stdout).toContain('node 1 of 3 is done');
    const status = await runProgram(['status', out]);
    expect(status.stdout).toContain('all nodes are done; merge it');
    expect(status.stdout).toMatch(/node 2 +done · 100 %/);
    const merged = await runProgram(['merge', out]);
    expect(merged.stdout).toMatch(/complete: 246 sequences .* packs [0-9.]+ % full\n/);
    expect(merged).toMatchObject({ code: 0, stderr: expect.not.stringContaining('error') });
    expect(await outputHashes(out)).toEqual(expected);
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
    expect(report.nodes.map(({ node: rank, status }) => [rank, status])).toEqual([
      [0, 'complete'],
      [1, 'complete'],
      [2, 'complete'],
    ]);
    expect(report.computed.packs).toBe(report.totals.packs);
    expect(report.workers.map(({ rank }) => rank)).toEqual([0, 1, 2]);
    expect((await runProgram(['verify', out])).stdout).toContain('is whole');
    expect((await runProgram(['merge', out])).stdout).toContain('complete already');
    expect((await runProgram(node(out, 0, 3))).stdout).toContain('complete already');
  });

  test('takes rank and count from an srun step, and from an array only when asked', async () => {
    const [input, out] = [await fewRecords(), directory.path('out')];
    const step = { SLURM_JOB_ID: '7', SLURM_STEP_ID: '0', SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '1' };
    const first = await runProgram(of(input, job(out)), { env: { ...step, SLURM_RESTART_COUNT: '2' } });
    expect(first.stdout).toContain('node 1 of 2 is done');
    expect(first.stderr).toContain('Slurm job 7, restart 2');
    const array = {
      ...{
        SLURM_JOB_ID: '9',
        SLURM_ARRAY_JOB_ID: '8',
        SLURM_ARRAY_TASK_ID: '0',
        SLURM_ARRAY_TASK_COUNT: '2',
      },
      ...{ SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_MAX: '1' },
    };
    const second = await runProgram(of(input, job(out, '--num-nodes', 'auto')), { env: array });
    expect(second.stdout).toContain('node 0 of 2 is done');
    expect(second.stderr).toContain('Slurm job 8_0');
    const lone = await runProgram(of(input, job(directory.path('lone'))), { env: array });
    expect(lone.stderr).toContain('--num-nodes auto');
    expect(lone.stdout).toContain('complete:');
  });

  test('is not merged while shards are missing: they are named; --partial merges what is there', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    expect((await runProgram(node(out, 1, 2))).code).toBe(0);
    const refused = await runProgram(['merge', out]);
    expect(refused.code).toBe(75);
    expect(refused.stderr).toMatch(/shards \([\d,]+ records\) are not done: 0, 2, 4/);
    expect(await readdir(out)).not.toContain('embeddings.npy');
    const partial = await runProgram(['merge', out, '--partial']);
    expect(partial).toMatchObject({ code: 75, stdout: expect.stringContaining('partly merged') });
    expect((await readdir(join(out, 'partial'))).sort()).toEqual(
      ['SHA256SUMS', 'embeddings.npy', 'failed.tsv', 'missing.tsv', 'sequences.tsv'].sort(),
    );
    expect((await runProgram(['resume', out, '--workers', '1'])).code).toBe(0);
    expect(await outputHashes(out)).toEqual(expected);
  });

  test('goes on with another number of nodes after a kill, and done shards stay done', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    const killed = new RunningProgram([...node(out, 0, 2), '--json']);
    await killed.event(is('shard-completed'), 3);
    killed.kill('SIGKILL');
    await killed.result;
    const status = await runProgram(['status', out, '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({
      state: 'dead',
      nodes: [
        { rank: 0, state: 'dead' },
        { rank: 1, state: 'absent' },
      ],
    });
    const results = await Promise.all([0, 1, 2].map((rank) => runProgram([...node(out, rank, 3), '--json'])));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(results.map(({ stdout }) => stdout).join()).toContain('shard-found-done');
    expect((await runProgram(['merge', out])).code).toBe(0);
    expect(await outputHashes(out)).toEqual(expected);
  });

  test('is divided in one way at a time, and has each node once', async () => {
    const [input, out] = [await fewRecords(), directory.path('out')];
    const first = new RunningProgram([...of(input, node(out, 0, 2)), '--json']);
    await first.event(is('run-started'));
    first.kill('SIGSTOP');
    try {
      expect(await runProgram(of(input, node(out, 2, 3)))).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/node 2 of 3, but node 0 of 2 is at work/),
      });
      const whole = await runProgram(of(input, job(out)));
      expect(whole).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('in use by node 0 of 2'),
      });
    } finally {
      first.kill('SIGCONT');
    }
    expect((await first.result).code).toBe(0);
  });

  test('must be of one job on all nodes', async () => {
    const [few, out] = [await fewRecords(), directory.path('out')];
    expect((await runProgram(of(few, node(out, 0, 2)))).code).toBe(0);
    const other = await runProgram([...of(few, node(out, 1, 2)), '--pooling', 'max']);
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('pooling: it was mean, now max'),
    });
    const restart = await runProgram([...of(few, node(out, 1, 2)), '--force-restart']);
    expect(restart).toMatchObject({ code: 2, stderr: expect.stringContaining('--force-restart') });
    const input = directory.path('proteins.faa');
    await copyFile(few, input);
    const elsewhere = await runProgram(of(input, node(out, 1, 2)));
    expect(elsewhere).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('holds a run of another job'),
    });
  });

  test('unpacks a gzipped input once', async () => {
    const expected = await unfaulted();
    const zipped = directory.path('proteins.faa.gz');
    await writeFile(zipped, gzipSync(await readFile(PHAGE_PROTEINS)));
    const out = directory.path('out');
    const nodeOf = (rank: number): string[] => of(zipped, node(out, rank, 2));
    const results = await Promise.all([runProgram(nodeOf(0)), runProgram(nodeOf(1))]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect((await readdir(join(out, 'spool'))).filter((name) => name.endsWith('.fasta'))).toHaveLength(1);
    expect((await runProgram(['merge', out])).code).toBe(0);
    expect((await outputHashes(out))['embeddings.npy']).toBe(expected['embeddings.npy']);
    await expect(stat(join(out, 'spool'))).rejects.toThrow('ENOENT');
  });

  test('leaves no run behind when the input is broken, so that the mended one can be run', async () => {
    const broken = directory.path('broken.faa');
    await writeFile(broken, '>a\nMKV\n>a\nMKV\n');
    const out = directory.path('out');
    const nodeOf = (rank: number): string[] => of(broken, node(out, rank, 2));
    const results = await Promise.all([runProgram(nodeOf(0)), runProgram(nodeOf(1))]);
    expect(results.map(({ code }) => code)).toEqual([2, 2]);
    expect(await readdir(out)).not.toContain('manifest.json');
  });
});
