import { describe, expect, test } from '@jest/globals';

import { coreQuota, memoryLimitBytes } from './control-group.ts';
import { probeLimits } from './limits.ts';
import type { Machine } from './machine.ts';
import { probeMemory } from './memory.ts';
import { probeNode } from './node-version.ts';
import { probeProcessors } from './processors.ts';
import { probeSlurm } from './slurm.ts';

/** A machine of which only these files, or these variables, are known. */
const machineWith = (files: Record<string, string>, environment: NodeJS.ProcessEnv = {}): Machine => ({
  environment,
  run: () => Promise.resolve(null),
  readText: (path) => Promise.resolve(files[path] ?? null),
  list: () => Promise.resolve([]),
  realPath: (path) => Promise.resolve(path),
});

const MEMORY = {
  '/proc/meminfo': 'MemTotal:       65536000 kB\nMemFree: 1 kB\nMemAvailable:   48000000 kB\n',
};
/** A Slurm job under cgroup v2. */
const V2 = {
  '/proc/self/cgroup': '0::/system.slice/slurmstepd.scope/job_12/step_0\n',
  '/sys/fs/cgroup/system.slice/slurmstepd.scope/job_12/step_0/cpu.max': '400000 100000\n',
  '/sys/fs/cgroup/system.slice/slurmstepd.scope/job_12/step_0/memory.max': '8589934592\n',
};
/** A container under cgroup v1: its own group is mounted at the root. */
const V1 = {
  '/proc/self/cgroup': '9:name=systemd:/\n4:memory:/docker/a3a9\n2:cpu,cpuacct:/docker/a3a9\n',
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '150000\n',
  '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '2147483648\n',
};
const UNLIMITED = {
  '/sys/fs/cgroup/cpu.max': 'max 100000\n',
  '/sys/fs/cgroup/memory.max': 'max\n',
};
const UNLIMITED_V1 = {
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
  '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
};

describe('what the control group allows', () => {
  test.each([
    [V2, 4, 2 ** 33],
    [V1, 1.5, 2 ** 31],
    [UNLIMITED, null, null],
    [UNLIMITED_V1, null, null],
    [{}, null, null],
  ])('%#', async (files, cores, bytes) => {
    expect(await coreQuota(machineWith(files))).toBe(cores);
    expect(await memoryLimitBytes(machineWith(files))).toBe(bytes);
  });
});

test('more threads than the control group allows are a warning that names the number that fits', async () => {
  expect(await probeProcessors(machineWith(V2), 64, 4)).toMatchObject({ status: 'ok' });
  const { status, remedy } = await probeProcessors(machineWith(V2), 64, 64);
  expect({ status, remedy }).toMatchObject({
    status: 'warn',
    remedy: expect.stringContaining('product is 4') as unknown,
  });
});

test('memory is judged by the least of what is available and what is allowed', async () => {
  const machine = machineWith({ ...MEMORY, ...V2 });
  expect(await probeMemory(machine, 64e9, 8e9)).toMatchObject({ status: 'ok' });
  expect(await probeMemory(machine, 64e9, 9e9)).toMatchObject({ status: 'warn' });
  expect(await probeMemory(machineWith(MEMORY), 64e9, 50e9)).toMatchObject({ status: 'warn' });
  expect(await probeMemory(machine, 64e9, null)).toMatchObject({ status: 'ok' });
});

test('too few open files for the workers are a warning', async () => {
  const limits = (files: string) => ({
    '/proc/self/limits': `Limit                     Soft Limit           Hard Limit           Units     \nMax core file size        0                    unlimited            bytes     \nMax open files            ${files}                 1048576              files     \nMax locked memory         8388608              8388608              bytes     \n`,
  });
  expect(await probeLimits(machineWith(limits('1024')), 8)).toEqual({
    name: 'limits',
    status: 'ok',
    found: 'open files 1024, core 0, locked memory 8388608 (bytes)',
    remedy: null,
  });
  expect(await probeLimits(machineWith(limits('256')), 8)).toMatchObject({ status: 'warn' });
  expect(await probeLimits(machineWith(limits('unlimited')), 8)).toMatchObject({ status: 'ok' });
  expect(await probeLimits(machineWith({}), 8)).toMatchObject({ status: 'ok' });
});

test.each([
  ['v20.14.0', 'warn'],
  ['v20.15.0', 'ok'],
  ['v18.20.1', 'warn'],
  ['v22.1.0', 'ok'],
])('Node %s: %s', (version, status) => {
  expect(probeNode(version)).toMatchObject({ status });
});

test.each([
  [{}, 'ok', 'not in a job'],
  [{ SLURM_JOB_ID: '7' }, 'ok', 'job 7'],
  [
    { SLURM_JOB_ID: '7', SLURM_JOB_GPUS: '0', CUDA_VISIBLE_DEVICES: '0' },
    'ok',
    'job 7, GPUs of the job 0, CUDA_VISIBLE_DEVICES 0',
  ],
  [
    { SLURM_JOB_ID: '7', SLURM_JOB_GPUS: '0' },
    'warn',
    'job 7, GPUs of the job 0; CUDA_VISIBLE_DEVICES is not set',
  ],
  [{ SLURM_JOB_ID: '7', SLURM_GPUS_ON_NODE: '0' }, 'ok', 'job 7, GPUs on this node 0'],
])('Slurm by %j', (environment, status, found) => {
  expect(probeSlurm({ environment })).toMatchObject({ status, found });
});
