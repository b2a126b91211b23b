import { coreQuota } from './control-group.ts';
import { ok, warn, type Finding } from './finding.ts';
import type { Machine } from './machine.ts';

/** @param threads that workers compute with, all together */
export async function probeProcessors(machine: Machine, cores: number, threads: number): Promise<Finding> {
  const quota = await coreQuota(machine);
  const found = `${cores} core${cores === 1 ? '' : 's'}${quota === null ? '' : `, of which the control group allows ${quota.toFixed(1)}`}`;
  if (quota === null || threads <= Math.ceil(quota)) return ok('CPU', found);
  return warn(
    'CPU',
    `${found}; ${threads} threads would compute`,
    `Give --workers and --threads-per-worker so that their product is ${Math.max(1, Math.floor(quota))}, or ask the batch system for more cores.`,
  );
}
