import { copyFile, open, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { PHAGE_PROTEINS } from '../program/fixtures.ts';
import { killRunningPrograms, outputHashes, RunningProgram, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { faultJob, is, withFaults } from './faults.ts';
import { unfaulted } from './unfaulted.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

describe('storage that fails', () => {
  test.each(['ENOSPC', 'EMFILE'])(
    'with %s in a worker stops with 75 and the reason; then the run is completed',
    async (errno) => {
      const expected = await unfaulted();
      const out = directory.path('out');
      const fault = { at: 15, how: 'fail', errno, once: directory.path('once') } as const;
      const { code, stderr } = await runProgram(faultJob(out), withFaults({ workerFiles: fault }));
      expect({ code, stderr }).toMatchObject({ code: 75, stderr: expect.stringContaining(errno) as unknown });
      if (errno === 'ENOSPC') expect(stderr).toMatch(/of room, and about [\d.]+ [kM]B more are needed/);
      expect(stderr).not.toContain('    at ');
      expect((await runProgram(['status', out])).stdout).toContain('stopped');
      expect((await runProgram(['resume', out])).code).toBe(0);
      expect(await outputHashes(out)).toEqual(expected);
    },
    60_000,
  );

  test('at the very last packs of a run, with nothing left to compute behind them, stops too', async () => {
    const input = await fewRecords();
    const [untouched, out, calls] = ['untouched', 'out', 'calls'].map((name) => directory.path(name));
    const counted = await runProgram(faultJob(untouched!, { input }), withFaults({ countCalls: calls! }));
    expect(counted.code).toBe(0);
    const names = (await readFile(`${calls}.worker`, 'utf8')).trim().split('\n');
    // The last write ends the log; the one before it is the last pack's.
    const at = names.lastIndexOf('write', names.lastIndexOf('write') - 1) + 1;
    const fault = { at, how: 'fail', errno: 'ENOSPC', once: directory.path('once') } as const;
    const { code, stderr } = await runProgram(faultJob(out!, { input }), withFaults({ workerFiles: fault }));
    expect({ code, stderr }).toMatchObject({ code: 75 });
    expect((await runProgram(['resume', out!])).code).toBe(0);
    expect(await outputHashes(out!)).toEqual(await outputHashes(untouched!));
  }, 30_000);

  test('in the merge keeps what was computed and gives the room of the half-written results back', async () => {
    const input = await fewRecords();
    const [untouched, out] = ['untouched', 'out'].map((name) => directory.path(name));
    expect((await runProgram(faultJob(untouched!, { input }))).code).toBe(0);
    const fault = {
      at: 1,
      writesTo: 'embeddings.npy.part',
      how: 'fail',
      errno: 'ENOSPC',
      once: directory.path('once'),
    } as const;
    const { code, stderr } = await runProgram(faultJob(out!, { input }), withFaults({ programFiles: fault }));
    expect({ code, stderr }).toMatchObject({ code: 75 });
    expect((await readdir(out!)).filter((name) => name.endsWith('.part'))).toEqual([]);
    const resumed = new RunningProgram(['resume', out!, '--json']);
    expect((await resumed.result).code).toBe(0);
    expect(resumed.events.filter(is('worker-started'))).toEqual([]);
    expect(await outputHashes(out!)).toEqual(await outputHashes(untouched!));
  }, 60_000);

  test('that has no room for the results is seen before anything is computed', async () => {
    const records = Array.from({ length: 400_000 }, (_, index) => `>r${index}\nMKV\n`).join('');
    const input = directory.path('many.faa');
    await writeFile(input, records);
    const out = directory.path('out');
    const run = new RunningProgram(faultJob(out, { input }), withFaults({ freeBytes: 20e6 }));
    const { code, stderr } = await run.result;
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toMatch(
      /20.0 MB of room left, and [\d.]+ MB more are needed \(about 4\d\d,\d{3} sequences/,
    );
    expect(stderr).toContain('--no-space-check');
    expect(run.events.filter(is('worker-started'))).toEqual([]);
  });
});

test('checkpoint logs that are damaged are found, each by its name; these parts are computed anew', async () => {
  const damages: readonly ((log: string, other: string) => Promise<void>)[] = [
    // A flipped bit in the header, one in a pack.
    (log) => flip(log, 30),
    async (log) => flip(log, (await readFile(log)).length - 300),
    // A torn tail, nothing at all, foreign bytes, the log of another shard, bytes behind the end.
    async (log) => truncate(log, (await readFile(log)).length - 100),
    (log) => truncate(log, 0),
    (log) => writeFile(log, 'not a log at all'),
    (log, other) => copyFile(other, log),
    (log) => writeFile(log, Buffer.alloc(100, 7), { flag: 'a' }),
  ];
  const out = directory.path('out');
  const run = new RunningProgram(faultJob(out), { ownGroup: true });
  // One finished log for each damage, and one that stays as it is.
  await run.event(is('shard-completed'), damages.length + 1);
  run.killGroup('SIGKILL');
  await run.result;
  const shards = run.events.filter(is('shard-completed')).map(({ shardId }) => Number(shardId));
  const logs = shards.map((id) => join(out, `checkpoints/shard-${String(id).padStart(6, '0')}.log`));
  const [whole, wholeLog] = [shards[damages.length]!, logs[damages.length]!];
  for (const [index, damage] of damages.entries()) await damage(logs[index]!, wholeLog);
  const resumed = new RunningProgram(['resume', out, '--json']);
  expect((await resumed.result).code).toBe(0);
  const repaired = resumed.events.filter(is('log-repaired'));
  for (const index of damages.keys()) {
    const said = repaired.filter(({ shardId }) => shardId === shards[index]);
    expect({ index, problems: said.map(({ problem }) => problem) }).toEqual({
      index,
      problems: [expect.stringContaining('computed anew')],
    });
  }
  const foundDone = resumed.events.filter(is('shard-found-done')).map(({ shardId }) => shardId);
  expect(foundDone).toContain(whole);
  for (const damaged of shards.slice(0, damages.length)) expect(foundDone).not.toContain(damaged);
  expect(await outputHashes(out)).toEqual(await unfaulted());
}, 60_000);

test('verify finds a flipped bit at any place of any file of a finished run', async () => {
  const out = directory.path('out');
  expect((await runProgram(faultJob(out, { options: ['--keep-checkpoints'] }))).code).toBe(0);
  expect((await runProgram(['verify', out])).code).toBe(0);
  const files = ['', 'logs', 'checkpoints'].map(async (folder) =>
    (await readdir(join(out, folder), { withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => join(folder, name)),
  );
  const names = (await Promise.all(files)).flat();
  expect(names).toEqual(
    expect.arrayContaining(['report.json', 'events.jsonl', 'logs/orchestrator.log', 'logs/worker-0.log']),
  );
  const sampled = names.filter((name, index) => !name.startsWith('checkpoints') || index % 7 === 0);
  for (const [index, name] of sampled.entries()) {
    const path = join(out, name);
    const { length } = await readFile(path);
    if (length === 0) continue;
    const at = [0, length - 1, Math.floor(length / 2)][index % 3]!;
    await flip(path, at);
    const { code, stdout } = await runProgram(['verify', out]);
    expect({ name, at, code }).toEqual({ name, at, code: 1 });
    expect(stdout).toContain(name);
    await flip(path, at);
  }
  expect((await runProgram(['verify', out])).code).toBe(0);
}, 120_000);

describe('an input', () => {
  test('that changes while it is computed is refused by name; restored, the run goes on to the same bytes', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    const input = directory.path('proteins.faa');
    const original = await readFile(PHAGE_PROTEINS, 'utf8');
    await writeFile(input, original);
    const run = new RunningProgram(faultJob(out, { input }), withFaults({ slowMs: 20 }));
    await run.event(is('scan-ended'));
    await writeFile(input, `${original.slice(0, -20)}AAAAAAAAAAAAAAAAAAA\n`);
    const { code, stderr } = await run.result;
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(input) as unknown });
    await writeFile(input, original);
    expect((await runProgram(['resume', out])).code).toBe(0);
    expect((await outputHashes(out))['embeddings.npy']).toEqual(expected['embeddings.npy']);
  }, 60_000);

  test('of the same size and other content is refused on resume; with the same content, only touched, it goes on', async () => {
    const out = directory.path('out');
    const input = directory.path('proteins.faa');
    const original = await readFile(PHAGE_PROTEINS, 'utf8');
    await writeFile(input, original);
    const first = new RunningProgram(faultJob(out, { input }));
    await first.event(is('shard-completed'), 6);
    first.kill('SIGTERM');
    expect((await first.result).code).toBe(75);
    await writeFile(input, original.replace('A', 'C'));
    const { code, stderr } = await runProgram(['resume', out]);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('written to since') as unknown,
    });
    await writeFile(input, original);
    // Later in time, and nothing was taken from the checkpoints.
    const restored = new RunningProgram(['resume', out, '--json']);
    expect((await restored.result).code).toBe(0);
    expect(restored.events.filter(is('shard-found-done')).length).toBeGreaterThanOrEqual(6);
    expect((await outputHashes(out))['embeddings.npy']).toEqual((await unfaulted())['embeddings.npy']);
  }, 60_000);
});

/** Two shards or so, where the storage is all that matters. */
async function fewRecords(): Promise<string> {
  const input = directory.path('few.faa');
  const records = (await readFile(PHAGE_PROTEINS, 'utf8')).split(/^(?=>)/m);
  await writeFile(input, records.slice(0, 13).join(''));
  return input;
}

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  buffer[0]! ^= 0x10;
  await file.write(buffer, 0, 1, at);
  await file.close();
}
