import { UsageError, DeviceError, type DeviceSpec } from '@virnucpro/protocol';

import type { Gpu } from './gpu-list.ts';

/**
 * The devices that `--gpus` names. Numbers are positions in the CUDA_VISIBLE_DEVICES of this process where it is
 * set (a batch system sets it; its entries, numbers or UUIDs, are opaque), else device numbers. Pure.
 *
 * @param selection "all", or positions, UUIDs or MIG names, comma separated
 * @throws {UsageError} GPUS_INVALID · {DeviceError} NO_GPU, GPU_NOT_FOUND
 */
export function chooseGpus(
  selection: string,
  visibleDevices: string | undefined,
  gpus: readonly Gpu[],
): DeviceSpec[] {
  const available =
    visibleDevices === undefined ? gpus.map(({ index }) => String(index)) : visibleEntries(visibleDevices);
  if (available.length === 0) throw noGpu(visibleDevices);
  const chosen =
    selection.trim() === 'all' ? available : parseSelection(selection).map((entry) => pick(entry, available));
  return chosen.map((entry) => ({
    provider: 'cuda',
    label: /^\d+$/.test(entry) ? `cuda:${entry}` : entry,
    visibleDevices: entry,
  }));
}

/** As the CUDA runtime reads it: the list ends at the first entry that names no device (-1, NoDevFiles). */
function visibleEntries(visibleDevices: string): string[] {
  const entries = visibleDevices.split(',').map((entry) => entry.trim());
  const end = entries.findIndex((entry) => !/^(\d+|GPU-.+|MIG-.+)$/.test(entry));
  return end === -1 ? entries : entries.slice(0, end);
}

function parseSelection(selection: string): string[] {
  const entries = selection.split(',').map((entry) => entry.trim());
  const wrong = entries.find((entry) => !/^(\d+|GPU-[\w-]+|MIG-[\w/-]+)$/.test(entry));
  if (wrong !== undefined) {
    throw new UsageError(
      'GPUS_INVALID',
      `--gpus ${selection}: "${wrong}" is no GPU. Give numbers (0,1,2), UUIDs or "all".`,
    );
  }
  const twice = entries.find((entry, position) => entries.indexOf(entry) !== position);
  if (twice !== undefined) throw new UsageError('GPUS_INVALID', `--gpus ${selection} names ${twice} twice.`);
  return entries;
}

function pick(entry: string, available: readonly string[]): string {
  const found = /^\d+$/.test(entry)
    ? available[Number(entry)]
    : available.includes(entry)
      ? entry
      : undefined;
  // A UUID outside CUDA_VISIBLE_DEVICES' notation may still be right; numbers cannot.
  if (found !== undefined || !/^\d+$/.test(entry)) return found ?? entry;
  throw new DeviceError(
    'GPU_NOT_FOUND',
    `--gpus asks for GPU ${entry}, but there are ${available.length} here (0 to ${available.length - 1}).`,
  );
}

function noGpu(visibleDevices: string | undefined): DeviceError {
  const why =
    visibleDevices === undefined
      ? 'nvidia-smi lists none'
      : `CUDA_VISIBLE_DEVICES is "${visibleDevices}", which hides all of them`;
  return new DeviceError(
    'NO_GPU',
    `No GPU found on this machine: ${why}. Use --device cpu to compute on the CPU.`,
  );
}
