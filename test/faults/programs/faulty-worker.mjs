// @ts-check
import { startWorkerProcess } from '@virnucpro/gpu-worker';

import { readFaults } from './faults.mjs';
import { faultyFileSystem } from './faulty-files.mjs';

/** The production worker with another file system and another session thread. */
const { workerFiles, countCalls, crashingRanks = [] } = readFaults();
process.on('message', (/** @type {any} */ message) => {
  if (message.type === 'init' && crashingRanks.includes(message.rank)) process.kill(process.pid, 'SIGKILL');
});
startWorkerProcess({
  fileSystem: faultyFileSystem(workerFiles, countCalls === undefined ? undefined : `${countCalls}.worker`),
  sessionThreadEntry: new URL('faulty-session.mjs', import.meta.url),
});
