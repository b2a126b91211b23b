import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import {
  doctorReportSchema,
  type DoctorReport,
  type Finding,
} from '../../packages/orchestrator/src/doctor/finding.ts';
import { FOUR_GPUS, withGpus, writeExecutable } from '../devices/simulated-gpus.ts';
import { withFaults } from '../faults/faults.ts';
import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { killRunningPrograms, runProgram, type ProgramOptions } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

/** Runs doctor and the job that it speaks of: both must end alike. */
async function examine(options: readonly string[], program: ProgramOptions = {}) {
  const asked = ['--model', TINY_MODEL, ...options];
  const { code, stdout, stderr } = await runProgram(['doctor', '--json', ...asked], program);
  if (stdout === '') throw new Error(stderr);
  const report = doctorReportSchema.parse(JSON.parse(stdout));
  expect(report.exitCode).toBe(code);
  expect(report.findings.some(({ status }) => status === 'fail')).toBe(code !== 0);
  for (const { status, remedy } of report.findings) expect(remedy === null).toBe(status === 'ok');
  return report;
}

const runCode = async (options: readonly string[], program: ProgramOptions = {}) =>
  (
    await runProgram(
      [PHAGE_PROTEINS, '-o', directory.path('out'), '--model', TINY_MODEL, ...options],
      program,
    )
  ).code;

function finding({ findings }: DoctorReport, name: string | RegExp): Finding {
  return findings.find(
    (candidate) => candidate.name === name || (name instanceof RegExp && name.test(candidate.name)),
  )!;
}

test('on a machine without GPUs all is well for the CPU, and one pack was computed in a process of its own', async () => {
  const report = await examine(['--device', 'cpu', '-o', directory.path('deep/er/out')]);
  expect(report.exitCode).toBe(0);
  expect(finding(report, 'smoke run on cpu').found).toMatch(/^CPU: one pack computed/);
  expect(finding(report, 'output folder').found).toMatch(/ms an fsync$/);
  expect(finding(report, 'ONNX Runtime').found).toBe('onnxruntime-node 1.29.0');
}, 60_000);

test('the text names every finding once, aligned, without colours where it is no terminal', async () => {
  const { code, stdout } = await runProgram(['doctor', '--device', 'cpu', '--workers', '1']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok {4}smoke run on cpu +CPU: one pack/m);
  expect(stdout).toMatch(/^ok {4}model +demo, with random weights/m);
  expect(stdout).toMatch(/A run would work here\.\n$/);
  expect(stdout).not.toContain('\u001b');
}, 60_000);

test('with GPUs, a provider and libraries, each asked GPU computes a pack', async () => {
  const libraries = directory.path('lib');
  await mkdir(libraries);
  for (const name of ['libcudart', 'libcublas', 'libcublasLt'])
    await writeFile(join(libraries, `${name}.so.12`), '');
  for (const name of ['libcurand.so.10', 'libcufft.so.11', 'libcudnn.so.9'])
    await writeFile(join(libraries, name), '');
  const machine = await withGpus(directory.path('machine'), FOUR_GPUS, { LD_LIBRARY_PATH: libraries });
  const report = await examine(
    ['--gpus', '3,GPU-8f2a', '--token-budget', '512', '-o', directory.path('')],
    machine,
  );
  expect(report).toMatchObject({ exitCode: 0 });
  expect(finding(report, 'NVIDIA driver').found).toBe('570.86.15, up to CUDA 12');
  expect(finding(report, 'GPU 2').found).toContain(`80000 of 81559 MiB free, ${FOUR_GPUS[2]!.uuid}`);
  expect(finding(report, 'CUDA libraries')).toMatchObject({ status: 'ok' });
  expect(finding(report, 'cuDNN').found).toBe(`libcudnn.so.9 9 (${libraries}/libcudnn.so.9)`);
  expect(report.findings.filter(({ name }) => name.startsWith('smoke run')).map(({ name }) => name)).toEqual([
    'smoke run on cuda:3',
    'smoke run on cuda:0',
  ]);
  const seen = (await readFile(machine.environments, 'utf8')).trim().split('\n').sort();
  expect(seen).toEqual(['PCI_BUS_ID 3', `PCI_BUS_ID ${FOUR_GPUS[0]!.uuid}`]);
}, 60_000);

test('GPUs that are asked for and cannot be used: what is missing, and the exit code of the run', async () => {
  const machine = await withGpus(directory.path('machine'), FOUR_GPUS, {
    TEST_CUDA_PROVIDER: '/nowhere/cuda.so',
  });
  const report = await examine(['--gpus', 'all'], machine);
  expect(report.exitCode).toBe(2);
  expect(report.exitCode).toBe(await runCode(['--gpus', 'all'], machine));
  expect(finding(report, 'CUDA provider')).toMatchObject({ status: 'fail' });
  expect(finding(report, 'devices').found).toContain('lacks its CUDA provider');

  const missing = await examine(['--gpus', '7'], await withGpus(directory.path('machine'), FOUR_GPUS));
  expect(missing.exitCode).toBe(2);
  expect(finding(missing, 'devices').found).toContain('there are 4 here (0 to 3)');
}, 60_000);

test('a GPU is offered, and not missed, where nobody asked for it', async () => {
  const machine = await withGpus(directory.path('machine'), FOUR_GPUS, {
    TEST_CUDA_PROVIDER: '/nowhere/cuda.so',
  });
  const report = await examine(['--workers', '1'], machine);
  expect(report.exitCode).toBe(0);
  expect(finding(report, 'CUDA provider')).toMatchObject({ status: 'warn' });
  expect(finding(report, 'devices')).toMatchObject({ status: 'warn' });
}, 60_000);

test('a session that the real runtime refuses is a line of the report, and what the run says', async () => {
  const machine = await withGpus(directory.path('machine'), FOUR_GPUS.slice(0, 1), {
    TEST_REAL_SESSION: '1',
  });
  const report = await examine(['--gpus', '0'], machine);
  expect(finding(report, 'smoke run on cuda:0').found).toMatch(/ONNX Runtime could not open .* on cuda/);
  expect(report.exitCode).toBe(2);
  expect(report.exitCode).toBe(await runCode(['--gpus', '0'], machine));
}, 60_000);

test('a crash in native code is a line of the report', async () => {
  const poison = [{ residues: 'MQIFVKTLTGK', how: 'SIGSEGV' as const }];
  const report = await examine(['--device', 'cpu', '--workers', '1'], withFaults({ poison }));
  expect(finding(report, 'smoke run on cpu')).toMatchObject({
    status: 'fail',
    found: expect.stringContaining('its process ended with SIGSEGV') as unknown,
  });
  expect(report.exitCode).toBe(75);
}, 60_000);

test('what stops a run before it starts stops it here too, with its exit code', async () => {
  const file = directory.path('file');
  await writeFile(file, '');
  const unwritable = await examine(['--device', 'cpu', '--workers', '1', '-o', join(file, 'out')]);
  expect(unwritable.exitCode).toBe(2);
  expect(finding(unwritable, 'output folder')).toMatchObject({ status: 'fail' });

  const { code, stdout } = await runProgram(['doctor', '--json', '--model', directory.path('nothing')]);
  const report = doctorReportSchema.parse(JSON.parse(stdout));
  expect({ code, model: finding(report, 'model').status }).toEqual({ code: 2, model: 'fail' });

  expect(await runProgram(['doctor', '--device', 'gpu'])).toMatchObject({ code: 2, stdout: '' });
}, 60_000);

test('a driver that does not answer well is quoted', async () => {
  const machine = await withGpus(directory.path('machine'), []);
  const said = 'Failed to initialize NVML: Driver/library version mismatch';
  await writeExecutable(
    join(directory.path('machine'), 'nvidia-smi'),
    `#!/bin/bash\necho '${said}'; exit 18\n`,
  );
  const report = await examine(['--gpus', 'all'], machine);
  expect(finding(report, 'NVIDIA driver').found).toBe(`nvidia-smi failed: ${said}`);
  expect(finding(report, 'devices').found).toContain(said);
  expect(report.exitCode).toBe(2);
}, 60_000);
