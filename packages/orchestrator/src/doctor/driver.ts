import type { GpuListing } from '../devices/gpu-list.ts';
import { missing, ok, warn, type CudaNeed, type Finding } from './finding.ts';

/** Oldest driver branch of each CUDA version (CUDA compatibility guide, minor version compatibility). */
const OLDEST_DRIVER = { 12: 525, 13: 580 } as const;

/** The newest CUDA major version that a driver runs; null when it runs none that the provider is built for. */
export function newestCuda(driverVersion: string | null): 12 | 13 | null {
  const branch = Number(driverVersion?.split('.')[0] ?? Number.NaN);
  if (branch >= OLDEST_DRIVER[13]) return 13;
  return branch >= OLDEST_DRIVER[12] ? 12 : null;
}

export function probeDriver({ gpus, problem }: GpuListing, need: CudaNeed): Finding {
  const version = gpus[0]?.driverVersion ?? null;
  if (gpus.length === 0) {
    return missing(
      'NVIDIA driver',
      need,
      problem ?? 'nvidia-smi lists no GPU',
      'Install the NVIDIA driver, or compute on a machine that has it; `nvidia-smi` must list the GPUs. Or use --device cpu.',
    );
  }
  if (version === null) return ok('NVIDIA driver', 'version not told');
  const cuda = newestCuda(version);
  if (cuda !== null) return ok('NVIDIA driver', `${version}, up to CUDA ${cuda}`);
  return missing(
    'NVIDIA driver',
    need,
    version,
    `CUDA 12 needs a driver from ${OLDEST_DRIVER[12]} on: update it.`,
  );
}

/** Free memory below this share is somebody else's work, or a process that was left behind. */
const IDLE_SHARE = 0.9;

/** One finding per GPU. */
export function probeGpus({ gpus }: GpuListing, need: CudaNeed): Finding[] {
  return gpus.map(({ index, name, uuid, pciBusId, memoryTotalMiB, memoryFreeMiB, migs }) => {
    const parts = migs.map(({ profile, uuid: part }) => `${profile} ${part}`).join(', ');
    const found =
      `${name}, ${memoryFreeMiB ?? '?'} of ${memoryTotalMiB ?? '?'} MiB free, ${uuid}, ${pciBusId ?? '?'}` +
      (parts === '' ? '' : `, divided: ${parts}`);
    const isBusy =
      memoryFreeMiB !== null && memoryTotalMiB !== null && memoryFreeMiB < IDLE_SHARE * memoryTotalMiB;
    if (!isBusy || need === 'none') return ok(`GPU ${index}`, found);
    return warn(
      `GPU ${index}`,
      found,
      'Other processes hold memory of it (nvidia-smi shows them): end them, choose another with --gpus, or live with smaller packs.',
    );
  });
}
