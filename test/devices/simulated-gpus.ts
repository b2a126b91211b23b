import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ProgramOptions } from '../program/run-program.ts';

export interface SimulatedGpu {
  readonly uuid: string;
  readonly name?: string;
  readonly freeMiB?: number;
  /** Lines of `nvidia-smi -L` below that of the GPU. */
  readonly parts?: readonly string[];
}

export const FOUR_GPUS: readonly SimulatedGpu[] = ['8f2a10', '8f2b20', '77c330', '01d440'].map((start) => ({
  uuid: `GPU-${start}d6-d33d-2b2c-524d-9e3d8d2b8a77`,
}));

const DRIVER = '570.86.15';
const PROGRAM = join(process.cwd(), 'test/devices/programs/simulated-gpus.mjs');

/**
 * A machine with GPUs, as far as this program looks at it: an nvidia-smi on the PATH, a provider library in its place,
 * workers that compute on the CPU.
 *
 * @param directory for the stand-ins
 */
export async function withGpus(
  directory: string,
  gpus: readonly SimulatedGpu[],
  env: ProgramOptions['env'] = {},
): Promise<ProgramOptions & { readonly environments: string }> {
  await mkdir(directory, { recursive: true });
  await writeExecutable(join(directory, 'nvidia-smi'), nvidiaSmi(gpus));
  const provider = join(directory, 'libonnxruntime_providers_cuda.so');
  await writeFile(provider, '');
  const environments = join(directory, 'environments');
  return {
    entry: PROGRAM,
    environments,
    env: {
      PATH: `${directory}:${process.env['PATH'] ?? ''}`,
      CUDA_VISIBLE_DEVICES: undefined,
      TEST_CUDA_PROVIDER: provider,
      TEST_ENVIRONMENTS: environments,
      ...env,
    },
  };
}

export async function writeExecutable(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

function nvidiaSmi(gpus: readonly SimulatedGpu[]): string {
  const each = (line: (gpu: Required<SimulatedGpu>, index: number) => string): string =>
    gpus
      .map((gpu, index) => line({ name: 'NVIDIA H100 80GB HBM3', freeMiB: 80_000, parts: [], ...gpu }, index))
      .join('\n');
  const readings = each(
    ({ uuid, name, freeMiB }, index) =>
      `${index}, ${uuid}, ${name}, 9${index}, 1500, ${freeMiB}, 55, 300.5, 1980`,
  );
  const table = each(
    ({ uuid, name, freeMiB }, index) =>
      `${index}, ${uuid}, ${name}, 00000000:${index}B:00.0, 81559, ${freeMiB}, ${DRIVER}`,
  );
  const tree = each(({ uuid, name, parts }, index) =>
    [`GPU ${index}: ${name} (UUID: ${uuid})`, ...parts].join('\n'),
  );
  return `#!/bin/bash
case "$*" in
  *-lms*) while true; do cat <<'END'
${readings}
END
  sleep 0.1; done ;;
  -L) cat <<'END'
${tree}
END
  ;;
  *) cat <<'END'
${table}
END
  ;;
esac
`;
}
