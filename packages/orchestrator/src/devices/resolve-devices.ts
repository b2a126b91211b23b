import { existsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

import { DeviceError, UsageError, type DeviceSpec } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { chooseGpus } from './choose-gpus.ts';
import { cudaProviderPath } from './onnx-runtime.ts';
import { visibleDevices } from './visible-devices.ts';
import { freeMemoryBytes } from './find-device.ts';
import { listGpus, type Gpu } from './gpu-list.ts';
import { inheritedDevices } from './inherited-devices.ts';

/** Free memory of a device, before a model is loaded. */
export interface DeviceMemory {
  readonly label: string;
  readonly freeBytes: number;
}

export interface ResolvedDevices {
  readonly devices: readonly DeviceSpec[];
  readonly threadsPerWorker: number;
  /** Of the device that has least free; null on CPU, and where the driver does not say. */
  readonly memory: DeviceMemory | null;
  /** What a person should know of the choice. */
  readonly notice: string | null;
}

export type DeviceSettings = Pick<
  RunSettings,
  'device' | 'gpus' | 'workers' | 'threads-per-worker' | 'precision'
>;

/** Where devices and their libraries are looked for. */
export interface DeviceSearch {
  readonly environment: NodeJS.ProcessEnv;
  /** Its default is beside ONNX Runtime. */
  readonly cudaProvider?: string;
}

/** Memory of a worker beside its weights: Node, ONNX Runtime and its arena. */
export const WORKER_OVERHEAD_BYTES = 400e6;

/**
 * One entry per worker process.
 *
 * @param weightBytes memory that the weights take in a worker; bounds the default number of CPU workers
 * @throws {UsageError} DEVICE_CONFLICT, PRECISION_FOR_CPU · {DeviceError} NO_GPU, GPU_NOT_FOUND, CUDA_PROVIDER_MISSING
 */
export async function resolveDevices(
  settings: DeviceSettings,
  weightBytes: number,
  { environment, cudaProvider = cudaProviderPath() }: DeviceSearch,
): Promise<ResolvedDevices> {
  checkConflicts(settings);
  const wantsCuda = settings.device === 'cuda' || settings.gpus !== null;
  if (settings.device === 'cpu') return cpuDevices(settings, weightBytes, null);
  const { gpus, problem } = await listGpus(environment);
  const variable = inheritedDevices(environment, gpus);
  const isInstalled = existsSync(cudaProvider);
  if (!wantsCuda) {
    // Whoever hides all GPUs wants none; only a request for them makes that an error.
    if (gpus.length === 0 || visibleDevices(variable, gpus).devices.length === 0)
      return cpuDevices(settings, weightBytes, null);
    if (!isInstalled) return cpuDevices(settings, weightBytes, providerMissing(gpus.length, cudaProvider));
  }
  if (settings.precision === 'int8') throw int8OnGpu();
  const devices = chooseGpus(settings.gpus ?? 'all', variable, gpus, problem);
  if (!isInstalled) {
    const missing = providerMissing(devices.length, cudaProvider);
    throw new DeviceError('CUDA_PROVIDER_MISSING', `${missing} Or use --device cpu.`);
  }
  const memory = leastMemory(devices, gpus);
  return { devices, threadsPerWorker: settings['threads-per-worker'] ?? 1, memory, notice: null };
}

/** The packs must fit on every device, so the one that has least decides. */
function leastMemory(devices: readonly DeviceSpec[], gpus: readonly Gpu[]): DeviceMemory | null {
  const known = devices.flatMap(({ label, physical }) => {
    const freeBytes = freeMemoryBytes(physical, gpus);
    return freeBytes === null ? [] : [{ label: `${label} (${physical?.name ?? '?'})`, freeBytes }];
  });
  if (known.length < devices.length) return null;
  return known.reduce((least, memory) => (memory.freeBytes < least.freeBytes ? memory : least));
}

/** @throws {UsageError} DEVICE_CONFLICT, PRECISION_FOR_CPU */
export function checkConflicts({ device, gpus, workers, precision }: DeviceSettings): void {
  if (device === 'cpu' && gpus !== null) {
    throw new UsageError(
      'DEVICE_CONFLICT',
      `--device cpu and --gpus ${gpus} contradict each other. Leave one of them out.`,
    );
  }
  if (precision === 'int8' && (device === 'cuda' || gpus !== null)) throw int8OnGpu();
  if (workers !== null && (device === 'cuda' || gpus !== null)) {
    throw new UsageError(
      'DEVICE_CONFLICT',
      '--workers is for CPU; with GPUs there is one worker per GPU. Leave it out.',
    );
  }
}

function int8OnGpu(): UsageError {
  return new UsageError(
    'PRECISION_FOR_CPU',
    '--precision int8 is for CPUs: it has no kernels on GPUs, which have fp16. Use --precision fp16, or --device cpu.',
  );
}

function cpuDevices(settings: DeviceSettings, weightBytes: number, notice: string | null): ResolvedDevices {
  const cores = availableParallelism();
  const fitting = Math.floor((0.6 * totalmem()) / (weightBytes + WORKER_OVERHEAD_BYTES));
  const wantedThreads = settings['threads-per-worker'] ?? 1;
  const workers = settings.workers ?? Math.max(1, Math.min(Math.floor(cores / wantedThreads), fitting));
  const threadsPerWorker = settings['threads-per-worker'] ?? Math.max(1, Math.floor(cores / workers));
  const device: DeviceSpec = { provider: 'cpu', label: 'cpu', visibleDevices: '', physical: null };
  const devices = Array.from({ length: workers }, () => device);
  return { devices, threadsPerWorker, memory: null, notice };
}

function providerMissing(gpus: number, path: string): string {
  return (
    `${gpus} GPU${gpus === 1 ? ' is' : 's are'} here, but onnxruntime-node lacks its CUDA provider (${path}). ` +
    '`virnucpro-orchestrate doctor` says how to install it.'
  );
}
