/** A part of a GPU that is divided (Multi-Instance GPU) and is a device of its own. */
export interface MigDevice {
  /** Among the parts of its GPU. */
  readonly position: number;
  /** MIG-8f2a… or, by old drivers, MIG-GPU-8f2a…/1/0. */
  readonly uuid: string;
  /** Its size: 1g.5gb, 3g.40gb. */
  readonly profile: string;
}

const GPU_LINE = /^GPU (\d+):/;
const MIG_LINE = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[\w/-]+)\)/;

/**
 * Reads the output of `nvidia-smi -L`. Pure.
 *
 * @returns parts by the number of their GPU
 */
export function parseMigDevices(listing: string): ReadonlyMap<number, readonly MigDevice[]> {
  const found = new Map<number, MigDevice[]>();
  let parts: MigDevice[] = [];
  for (const line of listing.split('\n')) {
    const gpu = GPU_LINE.exec(line)?.[1];
    if (gpu !== undefined) found.set(Number(gpu), (parts = []));
    const [, profile, position, uuid] = MIG_LINE.exec(line) ?? [];
    if (profile === undefined || position === undefined || uuid === undefined) continue;
    parts.push({ position: Number(position), uuid, profile });
  }
  return found;
}

/** Of what its profile promises, a part has 95 % or a little more: 4864 MiB in 1g.5gb. */
const USABLE_SHARE = 0.95;

/** Memory of a part by its profile's name, in MiB; null when that names none. nvidia-smi's table knows no more. */
export function migMemoryMiB({ profile }: Pick<MigDevice, 'profile'>): number | null {
  const gigabytes = /\.(\d+)gb/.exec(profile)?.[1];
  return gigabytes === undefined ? null : Math.floor(Number(gigabytes) * 1024 * USABLE_SHARE);
}
