import { UsageError, DeviceError, type DeviceSpec, type PhysicalDevice } from '@virnucpro/protocol';

import { DEVICE_NAME, findDevice, partOf, uuidOf } from './find-device.ts';
import type { Gpu } from './gpu-list.ts';
import { visibleDevices, type VisibleDevice, type VisibleDevices } from './visible-devices.ts';

type ChosenDevice = Pick<VisibleDevice, 'entry' | 'device'>;

/**
 * The devices that `--gpus` names. Numbers are positions in the CUDA_VISIBLE_DEVICES of this process where it is
 * set (a batch system sets it), else device numbers; UUIDs may be abbreviated. Pure.
 *
 * @param selection "all", or numbers, UUIDs or MIG names, comma separated
 * @param problem why the driver lists no GPU; null when it lists some
 * @returns one entry per device; a GPU that is divided counts as its MIG devices
 * @throws {UsageError} GPUS_INVALID · {DeviceError} NO_GPU, GPU_NOT_FOUND
 */
export function chooseGpus(
  selection: string,
  variable: string | undefined,
  gpus: readonly Gpu[],
  problem: string | null = null,
): DeviceSpec[] {
  const visible = visibleDevices(variable, gpus);
  if (visible.devices.length === 0) throw noGpu(visible, problem);
  const chosen =
    selection.trim() === 'all'
      ? visible.devices.flatMap((device) => (variable === undefined ? partsOf(device, gpus) : [device]))
      : parseSelection(selection).map((name) =>
          pick(name, { ...visible, isListed: variable !== undefined }, gpus),
        );
  refuseTwice(selection, chosen);
  return chosen.map(({ entry, device }) => ({
    provider: 'cuda',
    label: labelOf(entry, device, gpus),
    visibleDevices: entry,
    physical: device,
  }));
}

/** A divided GPU is no device of its own to CUDA, which would take its first part. */
function partsOf(visible: VisibleDevice, gpus: readonly Gpu[]): ChosenDevice[] {
  const gpu = gpus.find(({ uuid }) => uuid === visible.device?.uuid);
  if (gpu === undefined || gpu.migs.length === 0) return [visible];
  return gpu.migs.map((mig) => ({ entry: mig.uuid, device: partOf(gpu, mig) }));
}

function labelOf(entry: string, device: PhysicalDevice | null, gpus: readonly Gpu[]): string {
  if (device === null) return /^\d+$/.test(entry) ? `cuda:${entry}` : entry;
  const part = gpus.flatMap(({ migs }) => migs).find(({ uuid }) => uuid === device.mig);
  return `cuda:${device.index}${part === undefined ? '' : `/mig${part.position}`}`;
}

/** @throws {UsageError} GPUS_INVALID */
export function parseSelection(selection: string): string[] {
  const entries = selection.split(',').map((entry) => entry.trim());
  const wrong = entries.find((entry) => !DEVICE_NAME.test(entry));
  if (wrong !== undefined) {
    throw new UsageError(
      'GPUS_INVALID',
      `--gpus ${selection}: "${wrong}" is no GPU. Give numbers (0,1,2), UUIDs or "all".`,
    );
  }
  return entries;
}

type Visible = VisibleDevices & { readonly isListed: boolean };

function pick(name: string, visible: Visible, gpus: readonly Gpu[]): ChosenDevice {
  return /^\d+$/.test(name) ? pickNumber(Number(name), visible, gpus) : pickUuid(name, visible, gpus);
}

function pickNumber(
  number: number,
  { devices, hidden, isListed }: Visible,
  gpus: readonly Gpu[],
): ChosenDevice {
  const found = devices.find((device) => device.number === number);
  if (found === undefined) {
    const last = devices.at(-1)?.number ?? 0;
    throw new DeviceError(
      'GPU_NOT_FOUND',
      `--gpus asks for GPU ${number}, but there are ${devices.length} here (0 to ${last})${hidden === null ? '' : `: ${hidden}`}.`,
    );
  }
  const parts = isListed ? [found] : partsOf(found, gpus);
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  throw new UsageError(
    'GPUS_INVALID',
    `--gpus ${number}: GPU ${number} is divided into ${parts.length} MIG devices. Name those to use: --gpus ${parts.map(({ entry }) => entry).join(',')}`,
  );
}

function pickUuid(name: string, { devices, isListed }: Visible, gpus: readonly Gpu[]): ChosenDevice {
  const found = findDevice(name, gpus);
  switch (found.kind) {
    case 'unknown':
      return devices.find(({ entry }) => entry === name) ?? { entry: name, device: null };
    case 'none':
      throw new DeviceError(
        'GPU_NOT_FOUND',
        `--gpus asks for ${name}, which is not here. There are ${namesOf(gpus)}.`,
      );
    case 'ambiguous':
      throw new UsageError(
        'GPUS_INVALID',
        `--gpus ${name} fits ${found.names.join(' and ')}. Give more of it.`,
      );
    case 'device':
      return isListed
        ? visibleAs(name, found.device, devices)
        : { entry: uuidOf(found.device), device: found.device };
    default:
      return found satisfies never;
  }
}

/** What the batch system hides belongs to somebody else. */
function visibleAs(name: string, device: PhysicalDevice, devices: readonly VisibleDevice[]): ChosenDevice {
  const same = devices.find(
    (visible) => visible.device !== null && uuidOf(visible.device) === uuidOf(device),
  );
  if (same !== undefined) return same;
  const whole = devices.some(
    (visible) => visible.device?.uuid === device.uuid && visible.device.mig === null,
  );
  if (whole || devices.some((visible) => visible.device === null)) return { entry: uuidOf(device), device };
  throw new DeviceError(
    'GPU_NOT_FOUND',
    `--gpus asks for ${name}, which CUDA_VISIBLE_DEVICES hides. It shows ${devices.map(({ entry }) => entry).join(', ')}.`,
  );
}

function refuseTwice(selection: string, chosen: readonly ChosenDevice[]): void {
  const names = chosen.map(({ entry, device }) => (device === null ? entry : uuidOf(device)));
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  if (twice !== undefined) throw new UsageError('GPUS_INVALID', `--gpus ${selection} names ${twice} twice.`);
}

function namesOf(gpus: readonly Gpu[]): string {
  return gpus
    .flatMap(({ uuid, migs }) => (migs.length === 0 ? [uuid] : migs.map((mig) => mig.uuid)))
    .join(', ');
}

function noGpu({ hidden }: VisibleDevices, problem: string | null): DeviceError {
  const why = hidden ?? problem ?? 'nvidia-smi lists none';
  return new DeviceError(
    'NO_GPU',
    `No GPU found on this machine: ${why}. Use --device cpu to compute on the CPU.`,
  );
}
