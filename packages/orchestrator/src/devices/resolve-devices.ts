import { availableParallelism, totalmem } from 'node:os';

import { DeviceError, UsageError, type DeviceSpec } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { chooseGpus } from './choose-gpus.ts';
import { cudaProviderInstalled, cudaProviderPath } from './onnx-runtime.ts';
import { listGpus } from './gpu-list.ts';

export interface ResolvedDevices {
  readonly devices: readonly DeviceSpec[];
  readonly threadsPerWorker: number;
  /** What a person should know of the choice. */
  readonly notice: string | null;
}

type DeviceSettings = Pick<RunSettings, 'device' | 'gpus' | 'workers' | 'threads-per-worker'>;

/** Memory of a worker beside its weights: Node, ONNX Runtime and its arena. */
export const WORKER_OVERHEAD_BYTES = 400e6;

/**
 * One entry per worker process.
 *
 * @param weightBytes memory that the weights take in a worker; bounds the default number of CPU workers
 * @throws {UsageError} DEVICE_CONFLICT · {DeviceError} NO_GPU, GPU_NOT_FOUND, CUDA_PROVIDER_MISSING
 */
export async function resolveDevices(
  settings: DeviceSettings,
  weightBytes: number,
): Promise<ResolvedDevices> {
  checkConflicts(settings);
  const wantsCuda = settings.device === 'cuda' || settings.gpus !== null;
  if (settings.device === 'cpu') return cpuDevices(settings, weightBytes, null);
  const gpus = await listGpus();
  if (!wantsCuda) {
    if (gpus.length === 0 || process.env['CUDA_VISIBLE_DEVICES'] === '')
      return cpuDevices(settings, weightBytes, null);
    if (!cudaProviderInstalled()) return cpuDevices(settings, weightBytes, providerMissing(gpus.length));
  }
  const devices = chooseGpus(settings.gpus ?? 'all', process.env['CUDA_VISIBLE_DEVICES'], gpus);
  if (!cudaProviderInstalled()) {
    throw new DeviceError('CUDA_PROVIDER_MISSING', `${providerMissing(gpus.length)} Or use --device cpu.`);
  }
  return { devices, threadsPerWorker: settings['threads-per-worker'] ?? 1, notice: null };
}

function checkConflicts({ device, gpus, workers }: DeviceSettings): void {
  if (device === 'cpu' && gpus !== null) {
    throw new UsageError(
      'DEVICE_CONFLICT',
      `--device cpu and --gpus ${gpus} contradict each other. Leave one of them out.`,
    );
  }
  if (workers !== null && (device === 'cuda' || gpus !== null)) {
    throw new UsageError(
      'DEVICE_CONFLICT',
      '--workers is for CPU; with GPUs there is one worker per GPU. Leave it out.',
    );
  }
}

function cpuDevices(settings: DeviceSettings, weightBytes: number, notice: string | null): ResolvedDevices {
  const cores = availableParallelism();
  const fitting = Math.floor((0.6 * totalmem()) / (weightBytes + WORKER_OVERHEAD_BYTES));
  const wantedThreads = settings['threads-per-worker'] ?? 1;
  const workers = settings.workers ?? Math.max(1, Math.min(Math.floor(cores / wantedThreads), fitting));
  const threadsPerWorker = settings['threads-per-worker'] ?? Math.max(1, Math.floor(cores / workers));
  const device: DeviceSpec = { provider: 'cpu', label: 'cpu', visibleDevices: '' };
  return { devices: Array.from({ length: workers }, () => device), threadsPerWorker, notice };
}

function providerMissing(gpus: number): string {
  return (
    `${gpus} GPU${gpus === 1 ? ' is' : 's are'} here, but onnxruntime-node lacks its CUDA provider (${cudaProviderPath()}). ` +
    'docs/gpus.md says how to install it.'
  );
}
