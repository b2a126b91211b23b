// @ts-check
import { runCommandLine } from '@virnucpro/orchestrator';

/** The production program whose workers note which GPU they may see, and compute nothing. */
process.exitCode = await runCommandLine(process.argv.slice(2), {
  programEntry: new URL(import.meta.url),
  workerEntry: new URL('noting-worker.mjs', import.meta.url),
  cudaProvider: process.env['TEST_CUDA_PROVIDER'] ?? '',
});
