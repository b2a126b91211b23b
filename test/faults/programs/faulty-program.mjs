// @ts-check
import { runCommandLine } from '@virnucpro/orchestrator';

import { readFaults } from './faults.mjs';
import { faultyFileSystem } from './faulty-files.mjs';

/** The production program with another file system, and faulty workers. */
const { programFiles, countCalls, freeBytes } = readFaults();
process.exitCode = await runCommandLine(process.argv.slice(2), {
  fileSystem: faultyFileSystem(
    programFiles,
    countCalls === undefined ? undefined : `${countCalls}.program`,
    freeBytes,
  ),
  workerEntry: new URL('faulty-worker.mjs', import.meta.url),
  programEntry: new URL(import.meta.url),
});
