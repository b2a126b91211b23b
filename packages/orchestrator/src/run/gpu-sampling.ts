import { GpuSampler, type GpuSample } from '@virnucpro/monitor';
import type { DeviceSpec } from '@virnucpro/protocol';

import type { Job } from './job.ts';

const INTERVAL_MS = 1_000;

/** What the driver's readings call the GPU behind a device: its UUID; its number, or what was asked for, where that is not known. */
export function sampledName({ physical, visibleDevices }: DeviceSpec): string {
  return physical?.uuid ?? visibleDevices;
}

/** The GPUs that devices are on, each once: several MIG devices share one. */
export function gpusOf(devices: readonly DeviceSpec[]): string[] {
  return [...new Set(devices.filter(({ provider }) => provider === 'cuda').map(sampledName))];
}

/**
 * Reads the GPUs that the run uses, once a second.
 *
 * @returns null when it uses none
 */
export function gpuSampler(
  { devices, log }: Pick<Job, 'devices' | 'log'>,
  onSample: (sample: GpuSample) => void,
): GpuSampler | null {
  const used = new Set(gpusOf(devices.devices));
  if (used.size === 0) return null;
  return new GpuSampler({
    intervalMs: INTERVAL_MS,
    onSample: (sample) => {
      if (used.has(String(sample.index)) || used.has(sample.uuid)) onSample(sample);
    },
    onGivenUp: (reason) => log.warn(`GPU readings are missing from here on: ${reason}`),
  });
}
