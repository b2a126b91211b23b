import { spawn } from 'node:child_process';

import { afterEach, describe, expect, test } from '@jest/globals';

import {
  killRunningPrograms,
  outputHashes,
  PROGRAM,
  RunningProgram,
  runProgram,
} from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { faultJob, is } from './faults.ts';
import { unfaulted } from './unfaulted.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

/** @returns exit code and what was said */
async function shell(script: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

const quoted = (args: readonly string[]): string =>
  [process.execPath, PROGRAM, ...args].map((a) => `'${a}'`).join(' ');

describe('a reader that goes away', () => {
  test.each([
    [
      'standard output',
      (command: string) => `${command} 2>/dev/null | head -1 >/dev/null; exit \${PIPESTATUS[0]}`,
    ],
    ['standard error', (command: string) => `${command} 2> >(head -1 >/dev/null) >/dev/null`],
  ])('from %s does not end the work', async (_, through) => {
    const out = directory.path('out');
    expect(await shell(through(quoted(faultJob(out))))).toMatchObject({ code: 0 });
    expect(await outputHashes(out)).toEqual(await unfaulted());
  });
});

test('a run that no terminal shows does not end with the terminal it was started from', async () => {
  const out = directory.path('out');
  const { code } = await shell(
    `${quoted(faultJob(out))} > '${directory.path('log')}' 2>&1 < /dev/null & pid=$!;
     until grep -q worker-ready '${directory.path('log')}'; do :; done; kill -HUP $pid; wait $pid`,
  );
  expect(code).toBe(0);
  expect(await outputHashes(out)).toEqual(await unfaulted());
});

test('a signal stops a run also while its input is still being unpacked', async () => {
  const out = directory.path('out');
  const { code, output } = await shell(
    `mkfifo '${directory.path('pipe')}'; exec 3<> '${directory.path('pipe')}'; printf '>a\\nMKV\\n' >&3;
     ${quoted(['-', '-o', out, '--device', 'cpu'])} < '${directory.path('pipe')}' & pid=$!;
     until ls '${out}'/spool/*.tmp 2> /dev/null; do :; done; kill -TERM $pid; wait $pid`,
  );
  expect({ code, output }).toMatchObject({ code: 75 });
  expect(output).toContain('nothing was computed');
});

test('verify does not pass a run that is unfinished', async () => {
  const out = directory.path('out');
  const run = new RunningProgram(faultJob(out));
  await run.event(is('shard-completed'));
  run.kill('SIGKILL');
  await run.result;
  const { code, stdout } = await runProgram(['verify', out]);
  expect({ code, stdout }).toMatchObject({ code: 75 });
  expect(stdout).toContain('unfinished');
});
