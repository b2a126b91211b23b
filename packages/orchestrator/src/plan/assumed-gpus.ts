import { UsageError, type DeviceSpec } from '@virnucpro/protocol';

import { parseSelection } from '../devices/choose-gpus.ts';
import { checkConflicts, type DeviceSettings, type ResolvedDevices } from '../devices/resolve-devices.ts';

const UNIT_BYTES: Readonly<Record<string, number>> = { GiB: 2 ** 30, GB: 1e9, MiB: 2 ** 20, MB: 1e6 };

/**
 * @param text of --assume-gpu-memory: 80GiB, 24GB, 9728MiB
 * @returns bytes
 * @throws {UsageError} INVALID_SETTING
 */
export function parseMemory(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([GM]i?B)$/.exec(text.trim()) ?? [];
  const bytes = Number(number) * (UNIT_BYTES[unit ?? ''] ?? Number.NaN);
  if (bytes > 0) return Math.floor(bytes);
  throw new UsageError(
    'INVALID_SETTING',
    `--assume-gpu-memory is "${text}": give the free memory of one GPU with its unit, as 80GiB, 24GB or 9728MiB.`,
  );
}

/**
 * As many GPUs as `--gpus` names, all alike; one where it names none. Nothing on this machine is looked at.
 *
 * @throws {UsageError} DEVICE_CONFLICT, GPUS_INVALID
 */
export function assumedGpus(settings: DeviceSettings, freeBytes: number): ResolvedDevices {
  if (settings.device === 'cpu')
    throw new UsageError(
      'DEVICE_CONFLICT',
      '--assume-gpu-memory and --device cpu contradict each other. Leave one of them out.',
    );
  checkConflicts({ ...settings, device: 'cuda' });
  const { gpus } = settings;
  const names = gpus === null || gpus.trim() === 'all' ? ['0'] : parseSelection(gpus);
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  if (twice !== undefined) throw new UsageError('GPUS_INVALID', `--gpus ${gpus ?? ''} names ${twice} twice.`);
  const devices = names.map((name): DeviceSpec => {
    const label = `cuda:${name} (assumed)`;
    return { provider: 'cuda', label, visibleDevices: name, physical: null };
  });
  return { devices, threadsPerWorker: 1, memory: { label: 'the assumed GPU', freeBytes }, notice: null };
}
