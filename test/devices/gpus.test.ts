import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { killRunningPrograms, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { FOUR_GPUS, withGpus } from './simulated-gpus.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

const job = (...options: string[]): string[] => [
  ...[PHAGE_PROTEINS, '-o', directory.path('out'), '--model', TINY_MODEL],
  ...['--token-budget', '512', '--shard-tokens', '2048', ...options],
];
const linesOf = async (path: string): Promise<string[]> => (await readFile(path, 'utf8')).trim().split('\n');

interface GpuReport {
  readonly gpus: readonly { readonly index: number; readonly uuid: string }[];
  readonly workers: readonly { readonly device: string; readonly deviceName: string }[];
}

test('each child sees its own entry of CUDA_VISIBLE_DEVICES; logs and readings name the GPU behind it', async () => {
  const machine = await withGpus(directory.path('machine'), FOUR_GPUS, {
    CUDA_VISIBLE_DEVICES: 'GPU-77c3,1,3',
    TEST_WORKERS: '2',
  });
  expect(await runProgram(job('--gpus', '0,1'), machine)).toMatchObject({ code: 0 });

  const seen = (await linesOf(machine.environments)).sort();
  expect(seen).toEqual(['PCI_BUS_ID 1', 'PCI_BUS_ID GPU-77c3']);
  const [started] = await linesOf(join(directory.path('out'), 'logs/worker-0.log'));
  expect(JSON.parse(started!)).toMatchObject({
    device: {
      visibleDevices: 'GPU-77c3',
      physical: {
        index: 2,
        uuid: FOUR_GPUS[2]!.uuid,
        name: 'NVIDIA H100 80GB HBM3',
        pciBusId: '00000000:2B:00.0',
      },
    },
  });
  const report = JSON.parse(await readFile(join(directory.path('out'), 'report.json'), 'utf8')) as GpuReport;
  expect(report.gpus.map(({ index }) => index)).toEqual([1, 2]);
  expect(report.workers).toMatchObject([
    { device: 'cuda:2', deviceName: 'NVIDIA H100 80GB HBM3' },
    { device: 'cuda:1', deviceName: 'NVIDIA H100 80GB HBM3' },
  ]);
}, 60_000);

test('all GPUs are used where nothing restricts them, a divided one by its parts', async () => {
  const parts = ['  MIG 3g.40gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)'];
  parts.push('  MIG 3g.40gb     Device  1: (UUID: MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb)');
  const gpus = [{ ...FOUR_GPUS[0]!, parts }, FOUR_GPUS[1]!];
  const machine = await withGpus(directory.path('machine'), gpus, { TEST_WORKERS: '3' });
  expect(await runProgram(job(), machine)).toMatchObject({ code: 0 });
  expect((await linesOf(machine.environments)).sort()).toEqual([
    `PCI_BUS_ID ${FOUR_GPUS[1]!.uuid}`,
    'PCI_BUS_ID MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f',
    'PCI_BUS_ID MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb',
  ]);
  const report = JSON.parse(await readFile(join(directory.path('out'), 'report.json'), 'utf8')) as GpuReport;
  expect(report.workers.map(({ device }) => device)).toEqual(['cuda:0/mig0', 'cuda:0/mig1', 'cuda:1']);
  expect(report.gpus.map(({ uuid }) => uuid)).toEqual(gpus.map(({ uuid }) => uuid));
}, 60_000);

test.each([[[]], [['--gpus', '0']], [['--device', 'cuda']]])(
  'int8, which is for CPUs, is refused with %j where there are GPUs, and computed when told so',
  async (options) => {
    const machine = await withGpus(directory.path('machine'), FOUR_GPUS);
    const refused = await runProgram(job('--precision', 'int8', ...options), machine);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toMatch(/int8 is for CPUs.*--precision fp16, or --device cpu\.$/m);
    const check = ['model', 'check', TINY_MODEL, '--fasta', PHAGE_PROTEINS, '--precision', 'int8'];
    const refusedCheck = await runProgram([...check, ...options], machine);
    expect(refusedCheck).toMatchObject({ code: 2 });
    expect(refusedCheck.stderr).not.toContain('embedding');
    const computed = await runProgram(
      job('--precision', 'int8', '--device', 'cpu', '--workers', '1'),
      machine,
    );
    expect(computed).toMatchObject({ code: 0 });
  },
  60_000,
);

test.each([
  [{ CUDA_VISIBLE_DEVICES: '' }, /CUDA_VISIBLE_DEVICES is "", which hides all/],
  [{ CUDA_VISIBLE_DEVICES: '-1' }, /reads up to "-1"/],
  [{ CUDA_VISIBLE_DEVICES: '1,1' }, /names "1" twice, and CUDA shows none/],
  [{ TEST_CUDA_PROVIDER: '/nowhere/cuda.so' }, /lacks its CUDA provider \(\/nowhere\/cuda.so\)/],
])(
  'asked for GPUs under %j the program refuses and computes nothing',
  async (env, says) => {
    const machine = await withGpus(directory.path('machine'), FOUR_GPUS, env);
    const { code, stderr } = await runProgram(job('--gpus', 'all'), machine);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(says) as unknown });
  },
  30_000,
);

test('hidden GPUs are no reason not to compute on the CPU when nobody asked for them', async () => {
  const machine = await withGpus(directory.path('machine'), FOUR_GPUS, { CUDA_VISIBLE_DEVICES: '-1' });
  const { code, stdout } = await runProgram(job('--workers', '1', '--json'), machine);
  expect(code).toBe(0);
  expect(stdout).toMatch(/"event":"run-started".*"device":"cpu"/);
}, 60_000);

test('the GPU with the least free memory decides the token budget, which the manifest keeps', async () => {
  const gpus = FOUR_GPUS.slice(0, 2).map((gpu, index) => ({ ...gpu, freeMiB: index === 0 ? 80_000 : 1_062 }));
  const machine = await withGpus(directory.path('machine'), gpus);
  const auto = [PHAGE_PROTEINS, '-o', directory.path('out'), '--model', TINY_MODEL];
  expect(await runProgram([...auto, '--gpus', 'all'], machine)).toMatchObject({ code: 0 });
  const manifest = JSON.parse(await readFile(join(directory.path('out'), 'manifest.json'), 'utf8')) as {
    settings: { tokenBudget: number };
  };
  const alone = await runProgram(
    ['plan', '--json', PHAGE_PROTEINS, '--model', TINY_MODEL, '--gpus', '0'],
    machine,
  );
  expect(JSON.parse(alone.stdout)).toMatchObject({ tokenBudget: 16_384 });
  expect(manifest.settings.tokenBudget).toBeGreaterThanOrEqual(1024);
  expect(manifest.settings.tokenBudget).toBeLessThan(16_384);

  const full = await withGpus(directory.path('machine'), [{ ...FOUR_GPUS[0]!, freeMiB: 900 }]);
  expect(
    await runProgram(['-o', directory.path('full'), ...auto.slice(0, 1), '--model', TINY_MODEL], full),
  ).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('tiny does not fit on cuda:0 (NVIDIA H100 80GB HBM3)') as unknown,
  });
}, 60_000);
