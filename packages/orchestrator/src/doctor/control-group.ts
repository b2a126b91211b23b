import { join } from 'node:path';

import type { Machine } from './machine.ts';

const ROOT = '/sys/fs/cgroup';

/** Cores that the control group of this process may use; null without a limit (cgroup v2, else v1). */
export async function coreQuota(machine: Machine): Promise<number | null> {
  const [quota, period] = (await read(machine, '', 'cpu.max'))?.split(' ') ?? [];
  if (quota !== undefined) return ratio(quota, period);
  const old = await read(machine, 'cpu', 'cpu.cfs_quota_us');
  return old === null ? null : ratio(old, (await read(machine, 'cpu', 'cpu.cfs_period_us')) ?? undefined);
}

/** Memory limit of the control group in bytes; null without one. */
export async function memoryLimitBytes(machine: Machine): Promise<number | null> {
  const limit =
    (await read(machine, '', 'memory.max')) ?? (await read(machine, 'memory', 'memory.limit_in_bytes'));
  const bytes = Number(limit ?? 'none');
  // v1 says "no limit" with a number larger than any memory.
  return Number.isFinite(bytes) && bytes > 0 && bytes < 2 ** 60 ? bytes : null;
}

/** @param controller empty in cgroup v2, where one tree holds all */
async function read(machine: Machine, controller: string, file: string): Promise<string | null> {
  const groups = (await machine.readText('/proc/self/cgroup')) ?? '';
  const group = groups
    .split('\n')
    .map((line) => line.split(':'))
    .find(([, controllers]) => (controllers ?? '').split(',').includes(controller))?.[2];
  // Inside a container the group's path is the host's, and the container's own group is mounted at the root.
  for (const path of [join(ROOT, controller, group ?? '/', file), join(ROOT, controller, file)]) {
    const text = await machine.readText(path);
    if (text !== null) return text.trim();
  }
  return null;
}

function ratio(quota: string, period: string | undefined): number | null {
  const cores = Number(quota) / Number(period);
  return Number.isFinite(cores) && cores > 0 ? cores : null;
}
