import { writeFile } from 'node:fs/promises';

import { afterEach, expect, test } from '@jest/globals';

import { is } from '../faults/faults.ts';
import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { killRunningPrograms, outputHashes, RunningProgram, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { FOUR_GPUS, withGpus } from './simulated-gpus.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

const GPUS = FOUR_GPUS.slice(0, 2);
const job = (out: string, tokenBudget: number, ...options: string[]): string[] => [
  ...[PHAGE_PROTEINS, '-o', directory.path(out), '--model', TINY_MODEL, '--gpus', 'all', '--json'],
  ...['--max-residues', '300', '--token-budget', String(tokenBudget), '--shard-tokens', '4096', ...options],
];
const setRoom = (tokens: number) => writeFile(directory.path('room'), String(tokens));

async function machineWithRoomFor(tokens: number, env: Record<string, string> = {}) {
  await setRoom(tokens);
  return withGpus(directory.path('machine'), GPUS, { TEST_ROOM: directory.path('room'), ...env });
}

test('packs for which a GPU has no memory end the run before it begins, and the budget that is named works', async () => {
  const machine = await machineWithRoomFor(700);
  const refused = await runProgram(job('out', 2048), machine);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toMatch(
    /cuda:[01] \(NVIDIA H100 80GB HBM3\) has no memory for packs of 2048 tokens.* 512 fit: use --token-budget 512\./,
  );
  expect(refused.stdout).not.toContain('"event":"shard-completed"');
  expect(await runProgram(job('out', 512), machine)).toMatchObject({ code: 0 });
}, 60_000);

test('with memory for no pack at all, doctor and run say so alike', async () => {
  const machine = await machineWithRoomFor(200);
  const options = ['--model', TINY_MODEL, '--gpus', '0', '--max-residues', '300', '--token-budget', '2048'];
  const report = await runProgram(['doctor', ...options], machine);
  expect(report).toMatchObject({ code: 2 });
  expect(report.stdout).toMatch(/^fail +smoke run on cuda:0 .*No smaller packs fit either/m);
}, 60_000);

test('a run that has begun goes on with less memory: packs are computed in parts', async () => {
  const first = new RunningProgram(job('out', 2048), await machineWithRoomFor(1e9, { TEST_SLOW_MS: '100' }));
  await first.event(is('shard-completed'));
  first.kill('SIGTERM');
  expect((await first.result).code).toBe(75);

  const second = new RunningProgram(
    ['resume', directory.path('out'), '--json'],
    await machineWithRoomFor(700),
  );
  expect(await second.result).toMatchObject({ code: 0 });
  expect(second.events.filter(is('packs-split')).length).toBeGreaterThan(0);
  expect(Object.keys(await outputHashes(directory.path('out')))).toContain('embeddings.npy');
}, 60_000);

test('a worker that is started again is not refused: there are results by then', async () => {
  const run = new RunningProgram(job('out', 2048), await machineWithRoomFor(1e9, { TEST_SLOW_MS: '200' }));
  await run.event(is('worker-ready'), 2);
  await setRoom(700);
  const { pid, rank } = await run.event(is('worker-started'));
  process.kill(Number(pid), 'SIGKILL');
  await run.event((event) => is('worker-ready')(event) && event['rank'] === rank, 2);
  expect(await run.result).toMatchObject({ code: 0 });
  expect(run.events.filter(is('packs-split')).length).toBeGreaterThan(0);
}, 60_000);
