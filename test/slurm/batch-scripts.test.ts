import { execFileSync, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';

import { describe, expect, test } from '@jest/globals';

import { runCommandLine } from '../../packages/orchestrator/src/cli/command-line.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { findShellcheck } from './find-slurm.ts';

const hasShellcheck = findShellcheck();
if (!hasShellcheck) console.warn('skipped: no shellcheck here, and none can be installed');
const withShellcheck = hasShellcheck ? test : test.skip;
const directory = useTemporaryDirectory();

const NASTY = `it's a "run" of $HOME \`id\`; #1 & {{tool}} * ~ ! é`;

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** In this process: nothing is computed, and a process for each case would take most of the time. */
async function slurmScript(args: readonly string[]): Promise<Said> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const environment = { PATH: process.env['PATH'] };
  const code = await runCommandLine(['slurm', 'script', ...args], { stdout, stderr, environment });
  const said = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, stdout: said(stdout), stderr: said(stderr) };
}

/** A script for inputs and a run folder of one name. */
async function script(name: string, options: readonly string[] = []): Promise<string> {
  const input = directory.path(`${name}.faa`);
  await writeFile(input, '>a\nMKV\n');
  const { code, stdout, stderr } = await slurmScript([input, '-o', directory.path(name), ...options]);
  if (code !== 0) throw new Error(`${code}: ${stderr}`);
  return stdout;
}

/** What bash makes of the script's arrays and variables, without running anything. */
function values(text: string, name: string): string[] {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}=`));
  const program = `${lines.join('\n')}\nprintf '%s\\0' "\${${name}[@]}"`;
  return execFileSync('bash', ['-c', program], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

describe('a batch script', () => {
  test('holds every argument as it was given', async () => {
    const text = await script(NASTY, ['--nodes', '3', '--gpus-per-node', '2']);
    const out = directory.path(NASTY);
    expect(values(text, 'arguments')).toEqual([`${out}.faa`, '-o', out, '--gpus', 'all']);
    expect(values(text, 'run_dir')).toEqual([out]);
    expect(text).toContain('#SBATCH --array=0-2\n');
    expect(text).toContain('#SBATCH --gpus-per-node=2\n');
    expect(text).toContain('#SBATCH --cpus-per-task=8\n');
  });

  test('has what the site wants', async () => {
    const text = await script('plain', [
      ...['--setup', 'module load cuda', '--setup', 'ulimit -n 4096', '--sbatch=--exclusive'],
      ...[
        '--partition',
        'gpu',
        '--account',
        'lab',
        '--qos',
        'low',
        '--constraint',
        'h100|a100',
        '--time',
        '90',
      ],
    ]);
    expect(text).toContain('\nmodule load cuda\nulimit -n 4096\n');
    for (const option of ['exclusive', 'partition=gpu', 'account=lab', 'qos=low', 'time=90'])
      expect(text).toContain(`#SBATCH --${option}\n`);
    expect(text).toContain('#SBATCH --constraint="h100|a100"\n');
  });

  test('computes in a container that sees what it needs, and speaks with Slurm outside', async () => {
    await writeFile(directory.path('image.sif'), '');
    const text = await script('plain', ['--container', directory.path('image.sif')]);
    const compute = values(text, 'compute');
    expect(compute.slice(0, 4)).toEqual(['apptainer', 'exec', '--nv', '--bind']);
    expect(compute[4]!.split(',')).toEqual([process.cwd(), directory.path('plain'), directory.path()]);
    expect(compute.slice(5, 7)).toEqual([directory.path('image.sif'), 'node']);
    expect(values(text, 'tool')[0]).toBe(process.execPath);
  });

  withShellcheck.each([
    ['run', 'array'],
    ['run', 'job'],
    ['merge', 'array'],
  ])('passes shellcheck: %s.sh, %s', async (part, mode) => {
    const text = await script(NASTY, ['--part', part, '--mode', mode]);
    // SC2016: that nothing expands between single quotes is what they are for.
    const { stdout } = spawnSync('shellcheck', ['-e', 'SC2016', '-'], { input: text, encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});

describe('what would fail in the queue fails now', () => {
  test.each([
    ['a wrong value', ['--workers', 'many'], '--workers is "many"'],
    ['an unknown flag', ['--nodez', '2'], 'nodez'],
    ['a missing model', ['--model', '/nowhere/model'], '/nowhere/model'],
    ['a missing image', ['--container', '/nowhere/image.sif'], '/nowhere/image.sif'],
    ['GPUs without GPUs', ['--gpus', '0'], '--gpus-per-node'],
    ['a partition of two words', ['--partition', 'a b'], '--partition is "a b"'],
    ['a line break in a set-up line', ['--setup', 'a\nb'], 'one line of text'],
    ['a rank, which the script gives', ['--node-rank', '0'], 'node-rank'],
  ])('%s', async (_, options, says) => {
    await expect(script('plain', options)).rejects.toThrow(new RegExp(`^2: .*${says}`, 's'));
  });

  test.each(['two\nlines', 'a%j', 'back\\slash'])('a run folder named %j', async (name) => {
    await expect(script(name)).rejects.toThrow(/Rename it|Choose another/);
  });

  test('a missing input', async () => {
    const { code, stderr } = await slurmScript(['/nowhere/a.faa', '-o', 'out']);
    expect(code).toBe(2);
    expect(stderr).toContain('/nowhere/a.faa');
  });

  test('standard input', async () => {
    const { code, stderr } = await slurmScript(['-', '-o', 'out']);
    expect(code).toBe(2);
    expect(stderr).toContain('standard input');
  });
});
