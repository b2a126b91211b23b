// @ts-check
/**
 * What a test wants to go wrong, as JSON in TEST_FAULTS. Each place counts its own calls; a fault with a
 * `once` path happens a single time over all processes: the one that makes the file has it.
 *
 * @typedef {{ at: number, how: 'die' | 'fail' | 'torn', errno?: string, once: string, writesTo?: string }} FileFault
 * @typedef {{ residues: string, how: 'SIGSEGV' | 'SIGKILL' | 'SIGABRT' | 'throw' | 'hang', once?: string }} PoisonFault
 * @typedef {{ overTokens: number, times: number, onlySeveral?: boolean }} MemoryFault
 * @typedef {{
 *   programFiles?: FileFault, workerFiles?: FileFault, countCalls?: string, freeBytes?: number,
 *   poison?: PoisonFault[], memory?: MemoryFault, slowMs?: number, crashingRanks?: number[],
 * }} Faults
 */
import { closeSync, openSync } from 'node:fs';

/** @returns {Faults} */
export function readFaults() {
  return JSON.parse(process.env['TEST_FAULTS'] ?? '{}');
}

/**
 * @param {string | undefined} path
 * @returns {boolean} true when the fault has not happened yet; it has then
 */
export function claim(path) {
  if (path === undefined) return true;
  try {
    closeSync(openSync(path, 'wx'));
    return true;
  } catch {
    return false;
  }
}
