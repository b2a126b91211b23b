import { expect, test } from '@jest/globals';

import type { Gpu } from './gpu-list.ts';
import { inheritedDevices } from './inherited-devices.ts';

const gpus = (count: number): Gpu[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ index, uuid: `GPU-${index}`, name: 'H100', pciBusId: null, migs: [] },
    ...{ memoryTotalMiB: null, memoryFreeMiB: null, driverVersion: null },
  }));

test.each([
  ['its own list wins', { CUDA_VISIBLE_DEVICES: '1', SLURM_JOB_GPUS: '2,3' }, 4, '1'],
  ['an empty list hides all', { CUDA_VISIBLE_DEVICES: '', SLURM_JOB_GPUS: '2,3' }, 4, ''],
  ['the step’s GPUs where the list was dropped', { SLURM_STEP_GPUS: '3', SLURM_JOB_GPUS: '2,3' }, 4, '3'],
  ['the job’s GPUs where it has no steps', { SLURM_JOB_GPUS: '2,3' }, 4, '2,3'],
  ['all, where the site shows no others', { SLURM_JOB_GPUS: '2,3' }, 2, undefined],
  ['all, outside of Slurm', {}, 4, undefined],
] as const)('%s', (_, environment, count, expected) => {
  expect(inheritedDevices(environment, gpus(count))).toBe(expected);
});
