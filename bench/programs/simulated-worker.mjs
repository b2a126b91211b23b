// @ts-check
import { appendFileSync } from 'node:fs';

import { startWorkerProcess } from '@virnucpro/gpu-worker';

/**
 * The production worker with a simulated device, or what SESSION_THREAD names. At its end it says what CPU it took. SLOW_RANK
 * is half as fast.
 */
process.on('message', (/** @type {any} */ message) => {
  if (message.type === 'init' && String(message.rank) === process.env['SLOW_RANK'])
    process.env['SIMULATED_SLOWDOWN'] = '2';
});
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const file = process.env['CPU_USAGE_FILE'];
  if (file !== undefined)
    appendFileSync(file, `${JSON.stringify({ process: 'worker', cpuMs: (user + system) / 1000 })}\n`);
});
const slow = process.env['SLOW_READ_MS'] !== undefined;
startWorkerProcess({
  sessionThreadEntry: new URL(process.env['SESSION_THREAD'] ?? 'simulated-session.mjs', import.meta.url),
  ...(slow ? { loaderThreadEntry: new URL('slow-loader.mjs', import.meta.url) } : {}),
});
