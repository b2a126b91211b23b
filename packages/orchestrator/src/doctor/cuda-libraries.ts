import { libraryRemedy, USUAL_CUDA } from './cuda-provider.ts';
import { missing, ok, warn, type CudaNeed, type Finding } from './finding.ts';
import { findLibrary, libraryPlaces, type FoundLibrary, type LibraryPlaces } from './loader-libraries.ts';
import type { Machine } from './machine.ts';

/** What the provider is linked with, by CUDA major version. */
const LINKED: Readonly<Record<number, readonly string[]>> = {
  12: ['libcudart.so.12', 'libcublas.so.12', 'libcublasLt.so.12', 'libcurand.so.10', 'libcufft.so.11'],
  13: ['libcudart.so.13', 'libcublas.so.13', 'libcublasLt.so.13', 'libcurand.so.10'],
};
const CUDNN = 'libcudnn.so.9';

/**
 * The CUDA runtime and cuDNN that the loader would find, with file and version.
 *
 * @param cuda that the provider is built for; null: any that is there, and the usual when there is none
 */
export async function probeCudaLibraries(
  machine: Machine,
  cuda: number | null,
  need: CudaNeed,
): Promise<Finding[]> {
  const places = await libraryPlaces(machine);
  const major = cuda ?? (await majorThere(machine, places)) ?? USUAL_CUDA;
  const sonames = LINKED[major] ?? [`libcudart.so.${major}`, `libcublas.so.${major}`];
  const found = await Promise.all(sonames.map((soname) => findLibrary(machine, places, soname)));
  const cudnn = await findLibrary(machine, places, CUDNN);
  return [runtimeFinding(major, sonames, found, need), cudnnFinding(major, cudnn, need)];
}

async function majorThere(machine: Machine, places: LibraryPlaces): Promise<number | null> {
  for (const major of [USUAL_CUDA, 12])
    if ((await findLibrary(machine, places, `libcudart.so.${major}`)) !== null) return major;
  return null;
}

function runtimeFinding(
  major: number,
  sonames: readonly string[],
  found: readonly (FoundLibrary | null)[],
  need: CudaNeed,
): Finding {
  const lost = sonames.filter((_, position) => found[position] === null);
  const there = found.filter((library) => library !== null).map(describe);
  const seen = there.length === 0 ? '' : `; found: ${there.join(', ')}`;
  if (lost.length === 0) return ok('CUDA libraries', there.join(', '));
  return missing(
    'CUDA libraries',
    need,
    `the loader does not find ${lost.join(', ')}${seen}`,
    libraryRemedy(major),
  );
}

/** Loaded when something needs it, so a run may do without. */
function cudnnFinding(major: number, cudnn: FoundLibrary | null, need: CudaNeed): Finding {
  if (cudnn !== null) return ok('cuDNN', describe(cudnn));
  if (need === 'none')
    return missing('cuDNN', need, `the loader does not find ${CUDNN}`, libraryRemedy(major));
  return warn('cuDNN', `the loader does not find ${CUDNN}`, libraryRemedy(major));
}

function describe({ soname, version, path }: FoundLibrary): string {
  return `${soname} ${version} (${path})`;
}
