// @ts-check
import { workerData } from 'node:worker_threads';

import { createOnnxSession, serveSession } from '@virnucpro/gpu-worker/session';
import { createEsmTokenizer } from '@virnucpro/model/tokenizer';

import { claim, readFaults } from './faults.mjs';

/** The production session thread around a real session that goes wrong where it is told to. */
const { poison = [], memory, slowMs: slowAtFirstMs = 0 } = readFaults();
const slowMs = process.env['SLURM_RESTART_COUNT'] === undefined ? slowAtFirstMs : 0;
const { tokenOf } = createEsmTokenizer();
const poisons = poison.map((fault) => ({
  ...fault,
  tokens: Buffer.from([...fault.residues].map((residue) => tokenOf[residue.charCodeAt(0)] ?? 0)),
}));
let failuresLeft = memory?.times ?? 0;

/** @param {import('@virnucpro/gpu-worker').SessionInput} input */
function goWrong({ inputIds, cuSeqlens }) {
  const isAlone = cuSeqlens.length === 2 && memory?.onlySeveral === true;
  if (memory !== undefined && failuresLeft > 0 && inputIds.length > memory.overTokens && !isAlone) {
    failuresLeft -= 1;
    throw new Error('BFCArena: Failed to allocate memory for requested buffer (injected)');
  }
  for (const { tokens, how, once } of poisons) {
    if (Buffer.from(inputIds).includes(tokens) && claim(once)) act(how);
  }
}

/** @param {import('./faults.mjs').PoisonFault['how']} how */
function act(how) {
  if (how === 'throw') throw new Error('the kernel does not like this record (injected)');
  if (how !== 'hang') process.kill(process.pid, how);
  // Nobody wakes it: the thread is stuck for good, as in a driver call that never returns.
  block(Number.POSITIVE_INFINITY);
}

/** @param {number} ms */
function block(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

await serveSession(workerData, async (options) => {
  const session = await createOnnxSession(options);
  return {
    deviceName: session.deviceName,
    close: () => session.close(),
    run: async (input) => {
      goWrong(input);
      if (slowMs > 0) block(slowMs);
      return session.run(input);
    },
  };
});
