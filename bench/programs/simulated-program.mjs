// @ts-check
import { appendFileSync } from 'node:fs';

import { runCommandLine } from '@virnucpro/orchestrator';

/** The production program with workers on simulated devices. At its end it says what CPU it took. */
process.exitCode = await runCommandLine(process.argv.slice(2), {
  workerEntry: new URL('simulated-worker.mjs', import.meta.url),
});
const { user, system } = process.cpuUsage();
const file = process.env['CPU_USAGE_FILE'];
if (file !== undefined)
  appendFileSync(file, `${JSON.stringify({ process: 'parent', cpuMs: (user + system) / 1000 })}\n`);
