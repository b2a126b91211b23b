import { expect, test } from '@jest/globals';

import { workerEnvironment } from './worker-handle.ts';

test('a worker sees its own device only, in PCI bus order, computes in true float32, and reports to nobody', () => {
  const device = { provider: 'cuda', label: 'cuda:3', visibleDevices: '3', physical: null } as const;
  expect(workerEnvironment(device, { HOME: '/home/x', CUDA_VISIBLE_DEVICES: '2,3' })).toEqual({
    HOME: '/home/x',
    CUDA_VISIBLE_DEVICES: '3',
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    NVIDIA_TF32_OVERRIDE: '0',
    ORT_DISABLE_TELEMETRY: '1',
  });
});
