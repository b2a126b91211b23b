import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** One GPU as the driver lists it. */
export interface Gpu {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly memoryTotalMiB: number | null;
}

const TIMEOUT_MS = 10_000;

/** The GPUs of this machine in PCI bus order; none when there is no driver, or its tool does not answer. */
export async function listGpus(): Promise<Gpu[]> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--query-gpu=index,uuid,name,memory.total', '--format=csv,noheader,nounits'],
      { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
    );
    return stdout.split('\n').flatMap(parseGpuLine);
  } catch {
    return [];
  }
}

function parseGpuLine(line: string): Gpu[] {
  const [index, uuid, name, memory] = line.split(',').map((field) => field.trim());
  if (index === undefined || !/^\d+$/.test(index) || uuid === undefined || name === undefined) return [];
  const memoryTotalMiB = Number(memory);
  return [
    {
      index: Number(index),
      uuid,
      name,
      memoryTotalMiB: Number.isFinite(memoryTotalMiB) ? memoryTotalMiB : null,
    },
  ];
}
