import { ok, warn, type Finding } from './finding.ts';
import type { Machine } from './machine.ts';

/** Pipes, channels, logs and libraries of one worker in the parent, and a good margin. */
const FILES_PER_WORKER = 32;
const FILES_BESIDE = 256;

/** Open files, core dumps, locked memory: soft limits of this process, which its workers inherit. */
export async function probeLimits(machine: Machine, workers: number): Promise<Finding> {
  const text = await machine.readText('/proc/self/limits');
  const soft = (name: string): string =>
    new RegExp(`^${name}\\s+(\\S+)`, 'm').exec(text ?? '')?.[1] ?? 'unknown';
  const files = soft('Max open files');
  const found = `open files ${files}, core ${soft('Max core file size')}, locked memory ${soft('Max locked memory')} (bytes)`;
  const wanted = FILES_BESIDE + FILES_PER_WORKER * workers;
  if (!(Number(files) < wanted)) return ok('limits', found);
  return warn(
    'limits',
    found,
    `Raise the number of open files in this shell: ulimit -n ${Math.max(4096, wanted)}`,
  );
}
