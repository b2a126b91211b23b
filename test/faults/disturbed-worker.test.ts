import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { readNumpy } from '../program/numpy.ts';
import {
  killRunningPrograms,
  outputHashes,
  processGone,
  RunningProgram,
  runProgram,
  sha256,
} from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { faultJob, is, withFaults } from './faults.ts';
import { unfaulted } from './unfaulted.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

interface Report {
  readonly totals: { readonly packs: number; readonly packsRecomputed: number; readonly packsSplit: number };
  readonly restarts: readonly { readonly reason: string }[];
}

async function reportOf(out: string): Promise<Report> {
  return JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
}

/** The beginning of a protein of the input: the pack that holds it is disturbed. */
async function somewhere(): Promise<string> {
  const [, , third] = (await readFile(join(process.cwd(), 'examples/phage_SAOMS1.faa'), 'utf8')).split(
    /^>.*\n/m,
  );
  return third!.replaceAll('\n', '').slice(0, 12);
}

describe('a session thread that is stuck in a pack', () => {
  test('is seen although its process still answers: killed, replaced, same bytes', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    const once = directory.path('hung');
    const run = new RunningProgram(
      faultJob(out, { options: ['--hang-timeout', '2'] }),
      withFaults({ poison: [{ residues: await somewhere(), how: 'hang', once }] }),
    );
    const killed = await run.event(is('worker-killed'));
    expect(killed['reason']).toContain('stuck');
    expect(await run.event(is('worker-lost'))).toMatchObject({ signal: 'SIGKILL' });
    expect((await run.result).code).toBe(0);
    expect(await outputHashes(out)).toEqual(expected);
    const { totals, restarts } = await reportOf(out);
    expect(totals.packsRecomputed).toBe(1);
    expect(restarts).toHaveLength(1);
  }, 60_000);

  test('does not outlive its parent', async () => {
    const out = directory.path('out');
    const run = new RunningProgram(
      faultJob(out, { workers: 1 }),
      withFaults({ poison: [{ residues: await somewhere(), how: 'hang' }] }),
    );
    const { pid } = await run.event(is('worker-started'));
    await run.event(({ event, tokensDone }) => event === 'progress' && (tokensDone as number) >= 0);
    run.kill('SIGKILL');
    await run.result;
    await processGone(pid as number);
  }, 60_000);
});

describe('a device that runs out of memory', () => {
  test('computes packs in parts; nothing is lost, and the report says so', async () => {
    const untouched = directory.path('untouched');
    expect((await runProgram(faultJob(untouched))).code).toBe(0);
    const out = directory.path('out');
    const faults = withFaults({ memory: { overTokens: 200, times: 3, onlySeveral: true } });
    expect((await runProgram(faultJob(out), faults)).code).toBe(0);
    expect((await reportOf(out)).totals.packsSplit).toBeGreaterThan(0);
    expect(await sha256(join(out, 'sequences.tsv'))).toBe(await sha256(join(untouched, 'sequences.tsv')));
    const [expected, found] = await Promise.all(
      [untouched, out].map((run) => readNumpy(join(run, 'embeddings.npy'))),
    );
    expect(found!.shape).toEqual(expected!.shape);
    const largest = found!.data.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - expected!.data[at]!)),
      0,
    );
    expect(largest).toBeLessThan(1e-5);
  }, 60_000);

  test('rejects the record that never fits, and only that', async () => {
    const out = directory.path('out');
    // Two proteins are longer than that, and alone in their packs.
    const faults = withFaults({ memory: { overTokens: 1022, times: 1e9 } });
    const { code } = await runProgram(faultJob(out), faults);
    expect(code).toBe(3);
    const failed = (await readFile(join(out, 'failed.tsv'), 'utf8')).trimEnd().split('\n').slice(1);
    for (const line of failed) expect(line).toMatch(/crashes-worker\t.*no memory for \d+ tokens/);
    const lengths = (await readFile(join(out, 'sequences.tsv'), 'utf8')).trimEnd().split('\n').slice(1);
    expect(Math.max(...lengths.map((line) => Number(line.split('\t')[2])))).toBeLessThanOrEqual(1020);
    expect(failed).toHaveLength(2);
    expect(lengths).toHaveLength(244);
  }, 120_000);
});

describe('signals', () => {
  test('SIGTERM lets the pack in flight end, keeps it, and leaves no crash behind', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    const run = new RunningProgram(faultJob(out), withFaults({ slowMs: 300 }));
    const pids = [await run.event(is('worker-started'))];
    await run.event(is('shard-completed'));
    // As Slurm does it: to the whole group.
    run.killGroup('SIGTERM');
    expect(await run.result).toMatchObject({ code: 75, signal: null });
    expect(run.events.filter(is('worker-lost'))).toEqual([]);
    expect(run.events.filter(is('worker-killed'))).toEqual([]);
    await Promise.all(pids.map(({ pid }) => processGone(pid as number)));
    expect((await runProgram(['resume', out])).code).toBe(0);
    expect(await outputHashes(out)).toEqual(expected);
  }, 60_000);

  test('a second one stops at once, also in the middle of a long pack', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    const run = new RunningProgram(
      faultJob(out, { workers: 1 }),
      withFaults({ poison: [{ residues: await somewhere(), how: 'hang' }] }),
    );
    await run.event(is('worker-ready'));
    run.kill('SIGTERM');
    run.kill('SIGINT');
    expect((await run.result).code).toBe(75);
    expect((await runProgram(['resume', out])).code).toBe(0);
    expect(await outputHashes(out)).toEqual(expected);
  }, 60_000);
});
