import { GpuSampler, type GpuSample } from '@virnucpro/monitor';

import type { Job } from './job.ts';

const INTERVAL_MS = 1_000;

/**
 * Reads the GPUs that the run uses, once a second.
 *
 * @returns null when it uses none
 */
export function gpuSampler(
  { devices, log }: Pick<Job, 'devices' | 'log'>,
  onSample: (sample: GpuSample) => void,
): GpuSampler | null {
  const used = new Set(
    devices.devices.filter(({ provider }) => provider === 'cuda').map(({ visibleDevices }) => visibleDevices),
  );
  if (used.size === 0) return null;
  return new GpuSampler({
    intervalMs: INTERVAL_MS,
    onSample: (sample) => {
      if (used.has(String(sample.index)) || used.has(sample.uuid)) onSample(sample);
    },
    onGivenUp: (reason) => log.warn(`GPU readings are missing from here on: ${reason}`),
  });
}
