// @ts-check
import { appendFileSync } from 'node:fs';

import { startWorkerProcess } from '@virnucpro/gpu-worker';

/** The production worker with a simulated device, or with the real one that it has not got; it notes what it may see. */
const { TEST_REAL_SESSION, TEST_ENVIRONMENTS, TEST_WORKERS, CUDA_VISIBLE_DEVICES, CUDA_DEVICE_ORDER } =
  process.env;
if (TEST_ENVIRONMENTS !== undefined)
  appendFileSync(TEST_ENVIRONMENTS, `${CUDA_DEVICE_ORDER} ${CUDA_VISIBLE_DEVICES}\n`);
const sessionThreadEntry = new URL('simulated-gpu-session.mjs', import.meta.url);
startWorkerProcess({
  ...(TEST_REAL_SESSION === undefined ? { sessionThreadEntry } : {}),
  ...(TEST_WORKERS === undefined ? {} : { loaderThreadEntry: new URL('gated-loader.mjs', import.meta.url) }),
});
