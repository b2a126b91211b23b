import { afterEach, describe, expect, test } from '@jest/globals';

import { faultJob, is } from '../faults/faults.ts';
import { unfaulted } from '../faults/unfaulted.ts';
import {
  killRunningPrograms,
  outputHashes,
  processGone,
  RunningProgram,
  runProgram,
} from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

const job = (out: string): string[] => faultJob(out, { workers: 2 });

describe('a run that is interrupted', () => {
  test('by SIGTERM exits with 75, says how far it is, and resumes to the same bytes', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    const first = new RunningProgram(job(out));
    await first.event(is('shard-completed'), 3);
    first.kill('SIGTERM');
    const stopped = await first.result;
    expect(stopped).toMatchObject({ code: 75, signal: null });
    expect(stopped.stderr).toContain('resume');
    expect((await runProgram(['status', out])).stdout).toContain('stopped');
    const killed = new RunningProgram(['resume', out, '--json', '--workers', '1']);
    await killed.event(is('worker-ready'));
    killed.kill('SIGKILL');
    await killed.result;
    expect((await runProgram(['status', out])).stdout).toContain('dead');
    const resumed = new RunningProgram(['resume', out, '--json', '--workers', '1']);
    expect((await resumed.event(is('shard-found-done'))).event).toBe('shard-found-done');
    expect((await resumed.result).code).toBe(0);
    expect(await outputHashes(out)).toEqual(expected);
  });

  test('by the death of a worker completes by itself with the same bytes', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    const run = new RunningProgram(job(out));
    const { pid } = await run.event(is('worker-started'));
    await run.event(is('shard-completed'), 2);
    process.kill(pid as number, 'SIGKILL');
    const lost = await run.event(is('worker-lost'));
    expect(lost).toMatchObject({ signal: 'SIGKILL' });
    expect((await run.result).code).toBe(0);
    expect(await outputHashes(out)).toEqual(expected);
  });

  test('by the death of the parent leaves no process behind and resumes to the same bytes', async () => {
    const expected = await unfaulted();
    const out = directory.path('out');
    const first = new RunningProgram(job(out));
    const workers = [await first.event(is('worker-started'), 1), await first.event(is('worker-started'), 2)];
    await first.event(is('shard-completed'), 3);
    first.kill('SIGKILL');
    await first.result;
    await Promise.all(workers.map(({ pid }) => processGone(pid as number)));
    expect((await runProgram(['status', out])).stdout).toContain('dead');
    expect((await runProgram(job(out))).code).toBe(0);
    expect(await outputHashes(out)).toEqual(expected);
  });
});

describe('a run folder', () => {
  test('takes one run at a time', async () => {
    const out = directory.path('out');
    const first = new RunningProgram(job(out));
    await first.event(is('worker-ready'));
    // Stopped, it can neither finish nor give the lock back while the second one tries.
    first.kill('SIGSTOP');
    const second = await runProgram(job(out));
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(String(first.pid));
    expect((await runProgram(['status', out])).stdout).toContain(`running (process ${first.pid}`);
    first.kill('SIGCONT');
    expect((await first.result).code).toBe(0);
  });
});
