// @ts-check
import { runCommandLine } from '@virnucpro/orchestrator';

/** The production program whose workers compute on the CPU what they are told to compute on CUDA. */
process.exitCode = await runCommandLine(process.argv.slice(2), {
  workerEntry: new URL('simulated-gpu-worker.mjs', import.meta.url),
  cudaProvider: process.env['TEST_CUDA_PROVIDER'] ?? '',
});
