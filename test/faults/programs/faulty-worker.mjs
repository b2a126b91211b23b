// @ts-check
import { startWorkerProcess } from '@virnucpro/gpu-worker';

import { readFaults } from './faults.mjs';
import { faultyFileSystem } from './faulty-files.mjs';

/** The production worker with another file system and another session thread. */
const { workerFiles, countCalls } = readFaults();
startWorkerProcess({
  fileSystem: faultyFileSystem(workerFiles, countCalls === undefined ? undefined : `${countCalls}.worker`),
  sessionThreadEntry: new URL('faulty-session.mjs', import.meta.url),
});
