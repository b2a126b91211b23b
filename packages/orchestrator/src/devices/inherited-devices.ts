import type { Gpu } from './gpu-list.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The CUDA_VISIBLE_DEVICES that this process works under. A container or a wrapper may have dropped it; in a Slurm job the
 * job's own list stands for it then. Where the site confines jobs by control groups, the driver shows the job's GPUs only,
 * with numbers of their own: as many as the job has are all of them. Pure.
 *
 * @returns undefined when nothing restricts the devices
 */
export function inheritedDevices(environment: Environment, gpus: readonly Gpu[]): string | undefined {
  const { CUDA_VISIBLE_DEVICES, SLURM_STEP_GPUS, SLURM_JOB_GPUS } = environment;
  if (CUDA_VISIBLE_DEVICES !== undefined) return CUDA_VISIBLE_DEVICES;
  const ofJob = SLURM_STEP_GPUS ?? SLURM_JOB_GPUS;
  if (ofJob === undefined || ofJob === '') return undefined;
  return gpus.length > ofJob.split(',').length ? ofJob : undefined;
}
