import { formatBytes } from '../progress/format.ts';
import { memoryLimitBytes } from './control-group.ts';
import { ok, warn, type Finding } from './finding.ts';
import type { Machine } from './machine.ts';

/** @param neededBytes by all workers, as `plan` counts it; null when the model is not known */
export async function probeMemory(
  machine: Machine,
  totalBytes: number,
  neededBytes: number | null,
): Promise<Finding> {
  const free = await availableBytes(machine);
  const limit = await memoryLimitBytes(machine);
  const room = Math.min(free ?? totalBytes, limit ?? Number.POSITIVE_INFINITY);
  const parts = [formatBytes(totalBytes)];
  if (free !== null) parts.push(`${formatBytes(free)} available`);
  if (limit !== null) parts.push(`the control group allows ${formatBytes(limit)}`);
  if (neededBytes !== null) parts.push(`a run needs about ${formatBytes(neededBytes)}`);
  const found = parts.join(', ');
  if (neededBytes === null || neededBytes <= room) return ok('memory', found);
  return warn('memory', found, 'Use fewer --workers, or ask the batch system for more memory.');
}

async function availableBytes(machine: Machine): Promise<number | null> {
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec((await machine.readText('/proc/meminfo')) ?? '')?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}
