import { startWorkerProcess } from './worker/worker-process.ts';

/** The file that the orchestrator forks, once per device. */
startWorkerProcess();
