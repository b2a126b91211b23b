import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { parseMigDevices, type MigDevice } from './mig-devices.ts';

/** One GPU as the driver lists it. */
export interface Gpu {
  /** Its number in PCI bus order. */
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly pciBusId: string | null;
  readonly memoryTotalMiB: number | null;
  /** At the time of the listing. */
  readonly memoryFreeMiB: number | null;
  readonly driverVersion: string | null;
  /** The devices that it is divided into; none while it is whole. */
  readonly migs: readonly MigDevice[];
}

export interface GpuListing {
  readonly gpus: readonly Gpu[];
  /** Why there are none; null when there are some. */
  readonly problem: string | null;
}

const TIMEOUT_MS = 20_000;
const QUERY = 'index,uuid,name,pci.bus_id,memory.total,memory.free,driver_version';

/** The GPUs of this machine in PCI bus order, by nvidia-smi. Never throws: without a driver there are none. */
export async function listGpus(environment: NodeJS.ProcessEnv): Promise<GpuListing> {
  try {
    const [table, tree] = await Promise.all([
      nvidiaSmi(environment, `--query-gpu=${QUERY}`, '--format=csv,noheader,nounits'),
      // The only listing that names the parts of a divided GPU; without it the GPUs themselves are still known.
      nvidiaSmi(environment, '-L').catch(() => ''),
    ]);
    const migs = parseMigDevices(tree);
    const gpus = table.split('\n').flatMap((line) => parseGpu(line, migs));
    return { gpus, problem: gpus.length === 0 ? `nvidia-smi lists none (${firstLine(table)})` : null };
  } catch (error) {
    return { gpus: [], problem: problemOf(error) };
  }
}

async function nvidiaSmi(environment: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const options = { env: environment, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
  return (await promisify(execFile)('nvidia-smi', args, options)).stdout;
}

function parseGpu(line: string, migs: ReadonlyMap<number, readonly MigDevice[]>): Gpu[] {
  const [index, uuid, name, pciBusId, total, free, driver] = line.split(',').map((field) => field.trim());
  if (index === undefined || !/^\d+$/.test(index) || !uuid || !name) return [];
  return [
    {
      index: Number(index),
      uuid,
      name,
      pciBusId: textOf(pciBusId),
      memoryTotalMiB: numberOf(total),
      memoryFreeMiB: numberOf(free),
      driverVersion: textOf(driver),
      migs: migs.get(Number(index)) ?? [],
    },
  ];
}

function textOf(field: string | undefined): string | null {
  return field === undefined || field === '' || field.startsWith('[') ? null : field;
}

function numberOf(field: string | undefined): number | null {
  const value = field === undefined || field === '' ? NaN : Number(field);
  return Number.isFinite(value) ? value : null;
}

function problemOf(error: unknown): string {
  const { code, killed, stdout, stderr } = error as {
    code?: unknown;
    killed?: unknown;
    stdout?: unknown;
    stderr?: unknown;
  };
  if (code === 'ENOENT') return 'there is no nvidia-smi on the PATH';
  if (killed === true) return `nvidia-smi did not answer within ${TIMEOUT_MS / 1000} s`;
  const said = [stderr, stdout].find(
    (text): text is string => typeof text === 'string' && text.trim() !== '',
  );
  return `nvidia-smi failed: ${firstLine(said ?? String(error))}`;
}

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return line === '' ? 'it printed nothing' : line;
}
