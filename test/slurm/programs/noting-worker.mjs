// @ts-check
import { appendFileSync } from 'node:fs';

import { startWorkerProcess } from '@virnucpro/gpu-worker';

const { TEST_ENVIRONMENTS = '', SLURM_ARRAY_TASK_ID, CUDA_VISIBLE_DEVICES, CUDA_DEVICE_ORDER } = process.env;
appendFileSync(
  TEST_ENVIRONMENTS,
  `task ${SLURM_ARRAY_TASK_ID}: ${CUDA_VISIBLE_DEVICES} in order ${CUDA_DEVICE_ORDER}\n`,
);
startWorkerProcess({
  sessionThreadEntry: new URL('empty-session.mjs', import.meta.url),
  loaderThreadEntry: new URL('../../devices/programs/gated-loader.mjs', import.meta.url),
});
