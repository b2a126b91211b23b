import type { PhysicalDevice } from '@virnucpro/protocol';

import { DEVICE_NAME, findDevice, uuidOf, wholeGpu } from './find-device.ts';
import type { Gpu } from './gpu-list.ts';

/** A device that this process may use. */
export interface VisibleDevice {
  /** What `--gpus` calls it: a position in CUDA_VISIBLE_DEVICES where that is set, else the number of the GPU. */
  readonly number: number;
  /** What a child's CUDA_VISIBLE_DEVICES is set to. */
  readonly entry: string;
  /** Null when the driver did not tell. */
  readonly device: PhysicalDevice | null;
}

export interface VisibleDevices {
  readonly devices: readonly VisibleDevice[];
  /** What a person should know who misses a device; null when nothing is hidden. */
  readonly hidden: string | null;
}

/**
 * The devices that are visible to this process. Pure.
 *
 * CUDA_VISIBLE_DEVICES is read as the CUDA runtime reads it: the list ends at the first entry that names no device (-1,
 * a number that is not there, an abbreviation of two UUIDs), and a list that names one twice shows none. Its entries
 * stay as they are; a mixed list is taken too, because a child is given one entry only.
 */
export function visibleDevices(variable: string | undefined, gpus: readonly Gpu[]): VisibleDevices {
  return variable === undefined ? allGpus(gpus) : listed(variable, gpus);
}

/** By number; where a GPU is divided into MIG devices, numbers mean other things to CUDA, and UUIDs do not. */
function allGpus(gpus: readonly Gpu[]): VisibleDevices {
  const byUuid = gpus.some(({ migs }) => migs.length > 0);
  const devices = gpus.map((gpu) => {
    const device = wholeGpu(gpu);
    return { number: gpu.index, entry: byUuid ? gpu.uuid : String(gpu.index), device };
  });
  return { devices, hidden: null };
}

function listed(variable: string, gpus: readonly Gpu[]): VisibleDevices {
  const devices: VisibleDevice[] = [];
  for (const entry of variable.split(',').map((text) => text.trim())) {
    const found = DEVICE_NAME.test(entry) ? findDevice(entry, gpus) : ({ kind: 'none' } as const);
    if (found.kind === 'none' || found.kind === 'ambiguous')
      return { devices, hidden: endsAt(variable, entry, found) };
    const device = found.kind === 'device' ? found.device : null;
    const twice = devices.find((earlier) => isSame(earlier, entry, device));
    if (twice !== undefined) return { devices: [], hidden: namesTwice(variable, twice.entry, entry) };
    devices.push({ number: devices.length, entry, device });
  }
  return { devices, hidden: null };
}

function isSame(earlier: VisibleDevice, entry: string, device: PhysicalDevice | null): boolean {
  if (earlier.entry === entry) return true;
  return device !== null && earlier.device !== null && uuidOf(earlier.device) === uuidOf(device);
}

function endsAt(
  variable: string,
  entry: string,
  found: { readonly kind: 'none' } | { readonly kind: 'ambiguous'; readonly names: readonly string[] },
): string {
  if (variable.trim() === '') return 'CUDA_VISIBLE_DEVICES is "", which hides all of them';
  const why = found.kind === 'none' ? 'which is no GPU here' : `which fits ${found.names.join(' and ')}`;
  return `CUDA_VISIBLE_DEVICES is "${variable}", which CUDA reads up to "${entry}", ${why}`;
}

function namesTwice(variable: string, first: string, second: string): string {
  const both = first === second ? `"${first}" twice` : `one GPU twice ("${first}", "${second}")`;
  return `CUDA_VISIBLE_DEVICES is "${variable}": it names ${both}, and CUDA shows none then`;
}
