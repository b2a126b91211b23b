import * as z from 'zod';

import { integer, option, text, type RunOption } from './option.ts';

const GROUP = 'Device:';

/** What computes. */
export const DEVICE_OPTIONS = {
  device: option({
    schema: z.enum(['auto', 'cuda', 'cpu']),
    default: 'auto',
    describe: 'auto: CUDA where a GPU and its libraries are found, else CPU',
    group: GROUP,
    value: 'auto|cuda|cpu',
  }),
  gpus: option({
    schema: z.preprocess((value) => (typeof value === 'number' ? String(value) : value), text).nullable(),
    default: null,
    describe: 'GPUs to use, one worker each; positions in CUDA_VISIBLE_DEVICES where that is set',
    group: GROUP,
    value: '0,1,2,3|all',
    defaultDescription: 'all when --device is cuda',
  }),
  workers: option({
    schema: integer(1, 1024).nullable(),
    default: null,
    describe: 'Worker processes on CPU',
    group: GROUP,
    value: 'N',
    defaultDescription: 'by cores and memory',
  }),
  'threads-per-worker': option({
    schema: integer(1, 1024).nullable(),
    default: null,
    describe: 'CPU threads that compute in each worker',
    group: GROUP,
    value: 'N',
    defaultDescription: 'cores / workers',
  }),
  'loader-threads': option({
    schema: integer(1, 64),
    default: 4,
    describe:
      'CPU threads that read, tokenize and pack in each worker, at most; one while the device does not wait',
    group: GROUP,
    value: 'N',
  }),
} as const satisfies Record<string, RunOption>;
