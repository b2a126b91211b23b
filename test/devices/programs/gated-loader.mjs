// @ts-check
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import loadShardTask from '@virnucpro/gpu-worker/loader-thread';

export { prepare } from '@virnucpro/gpu-worker/loader-thread';

const { TEST_WORKERS = '0', TEST_ENVIRONMENTS = '', SLURM_ARRAY_TASK_ID } = process.env;
const ownLines = SLURM_ARRAY_TASK_ID === undefined ? '' : `task ${SLURM_ARRAY_TASK_ID}: `;

/** The production loader behind a gate: it opens when so many workers (of this task) have noted what they may see. */
export default async function loadGated(/** @type {any} */ request) {
  while (workersNoted() < Number(TEST_WORKERS)) await setTimeout(20);
  return loadShardTask(request);
}

function workersNoted() {
  const lines = readFileSync(TEST_ENVIRONMENTS, 'utf8').trim().split('\n');
  return lines.filter((line) => line.startsWith(ownLines)).length;
}
