// @ts-check
import { setTimeout } from 'node:timers/promises';

import loadShardTask from '@virnucpro/gpu-worker/loader-thread';

export { prepare } from '@virnucpro/gpu-worker/loader-thread';

/** The production loader behind a file system that takes SLOW_READ_MS for every shard, until SLOW_UNTIL_MS (epoch). */
export default async function slowLoad(/** @type {any} */ request) {
  if (Date.now() < Number(process.env['SLOW_UNTIL_MS'] ?? 0))
    await setTimeout(Number(process.env['SLOW_READ_MS'] ?? 0));
  return loadShardTask(request);
}
