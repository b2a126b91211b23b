import type { PhysicalDevice } from '@virnucpro/protocol';

import type { Gpu } from './gpu-list.ts';
import { migMemoryMiB, type MigDevice } from './mig-devices.ts';

/** What a name stands for: a device · none · several, by an abbreviation that is too short · nobody can tell. */
export type FoundDevice =
  | { readonly kind: 'device'; readonly device: PhysicalDevice }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous'; readonly names: readonly string[] }
  | { readonly kind: 'unknown' };

/** What names a device in CUDA_VISIBLE_DEVICES: a number, a UUID or the beginning of one, a MIG device. */
export const DEVICE_NAME = /^(\d+|GPU-[\da-f-]+|MIG-[\w/-]+)$/i;

/**
 * The device that a name stands for. As in the CUDA runtime, the beginning of a UUID is enough where no other has the
 * same (CUDA C++ Programming Guide, CUDA environment variables). Pure.
 *
 * @param name fits DEVICE_NAME
 * @param gpus empty when the driver did not list any: then nothing can be told
 */
export function findDevice(name: string, gpus: readonly Gpu[]): FoundDevice {
  if (gpus.length === 0) return { kind: 'unknown' };
  if (/^\d+$/.test(name)) return only(gpus.filter(({ index }) => index === Number(name)).map(wholeGpu));
  if (/^GPU-/i.test(name)) return only(gpus.filter(({ uuid }) => begins(uuid, name)).map(wholeGpu));
  const parts = gpus.flatMap((gpu) => gpu.migs.map((mig) => partOf(gpu, mig)));
  if (parts.length === 0) return { kind: 'unknown' };
  const exact = parts.filter(({ mig }) => mig === name);
  return only(exact.length > 0 ? exact : parts.filter(({ mig }) => begins(mig ?? '', name)));
}

function begins(uuid: string, name: string): boolean {
  return uuid.toLowerCase().startsWith(name.toLowerCase());
}

function only(devices: readonly PhysicalDevice[]): FoundDevice {
  const [device, another] = devices;
  if (device === undefined) return { kind: 'none' };
  return another === undefined
    ? { kind: 'device', device }
    : { kind: 'ambiguous', names: devices.map(uuidOf) };
}

export function wholeGpu({ index, uuid, name, pciBusId }: Gpu): PhysicalDevice {
  return { index, uuid, name, pciBusId, mig: null };
}

export function partOf(gpu: Gpu, { uuid, profile, position }: MigDevice): PhysicalDevice {
  return { ...wholeGpu(gpu), name: `${gpu.name} MIG ${profile} (${position})`, mig: uuid };
}

/** The name by which CUDA knows exactly this device. */
export function uuidOf({ mig, uuid }: PhysicalDevice): string {
  return mig ?? uuid;
}

/** What is free on a device; of a part, what it has by its profile. Null when the driver does not say. */
export function freeMemoryBytes(device: PhysicalDevice | null, gpus: readonly Gpu[]): number | null {
  const gpu = gpus.find(({ uuid }) => uuid === device?.uuid);
  if (device === null || gpu === undefined) return null;
  const part = gpu.migs.find(({ uuid }) => uuid === device.mig);
  const mebibytes = part === undefined ? (gpu.memoryFreeMiB ?? gpu.memoryTotalMiB) : migMemoryMiB(part);
  return mebibytes === null ? null : mebibytes * 2 ** 20;
}
