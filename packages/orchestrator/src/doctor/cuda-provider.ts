import { basename, dirname } from 'node:path';

import { missing, ok, type CudaNeed, type Finding } from './finding.ts';
import { parseLdd } from './loader-libraries.ts';
import type { Machine } from './machine.ts';

export interface ProviderPlace {
  /** libonnxruntime_providers_cuda.so */
  readonly path: string;
  /** Of onnxruntime-node. */
  readonly version: string;
  /** Folder of onnxruntime-node, which has an install script. */
  readonly runtimeDirectory: string;
  /** What that script can fetch for this platform. */
  readonly installable: readonly string[];
  /** The newest CUDA that the driver runs; null when that is not known. */
  readonly newestCuda: 12 | 13 | null;
}

export interface ProviderFinding {
  readonly finding: Finding;
  /** CUDA major version that the installed library is built for; null when it is not there or does not tell. */
  readonly cuda: number | null;
}

/** What the provider of this version that we have looked at is built for; assumed where nothing tells. */
export const USUAL_CUDA = 13;

const NAME = 'CUDA provider';
const SHARED = 'libonnxruntime_providers_shared.so';

/** ONNX Runtime's CUDA provider: is it there, and does the loader find all that it needs? */
export async function probeProvider(
  machine: Machine,
  place: ProviderPlace,
  need: CudaNeed,
): Promise<ProviderFinding> {
  const there = await machine.list(dirname(place.path));
  const absent = [basename(place.path), SHARED].filter((file) => !there.includes(file));
  if (absent.length > 0) {
    const found = `${absent.join(' and ')} ${absent.length === 1 ? 'is' : 'are'} not in ${dirname(place.path)}`;
    return { finding: missing(NAME, need, found, installCommand(place)), cuda: null };
  }
  const needed = parseLdd((await machine.run('ldd', place.path)) ?? '');
  const cuda = cudaOf(needed);
  const lost = [...needed].flatMap(([soname, path]) => (path === null ? [soname] : []));
  const built = cuda === null ? '' : `for CUDA ${cuda}, `;
  if (lost.length === 0) return { finding: ok(NAME, `${built}${place.path}`), cuda };
  const found = `${built}${place.path}, but the loader does not find ${lost.join(', ')}`;
  return { finding: missing(NAME, need, found, libraryRemedy(cuda ?? USUAL_CUDA)), cuda };
}

function cudaOf(needed: ReadonlyMap<string, string | null>): number | null {
  const major = [...needed.keys()]
    .map((soname) => /^libcu(?:blas|dart)\.so\.(\d+)$/.exec(soname)?.[1])
    .find(Boolean);
  return major === undefined ? null : Number(major);
}

function installCommand({ version, runtimeDirectory, installable, newestCuda, path }: ProviderPlace): string {
  const byScript = installable.filter((name) => name.startsWith('cuda'));
  const byHand =
    `put libonnxruntime_providers_cuda.so and ${SHARED} of ONNX Runtime ${version} into ${dirname(path)}` +
    (newestCuda === 12 ? ' (built for CUDA 12: this driver runs no newer one)' : '');
  const [name] = byScript;
  if (name === undefined)
    return `onnxruntime-node ${version} has none to fetch for this platform; ${byHand}.`;
  return (
    `cd ${runtimeDirectory} && ONNXRUNTIME_NODE_INSTALL=${name} node script/install.js (fetches it from nuget.org; whatever the ` +
    `name says, this doctor reads from the file for which CUDA it is built, so call it again then). Off-line, or for another CUDA version: ${byHand}.`
  );
}

/** NVIDIA's wheels dropped the suffix with CUDA 13, but for cuDNN. */
export function libraryRemedy(cuda: number): string {
  const suffix = cuda < 13 ? `-cu${cuda}` : '';
  const wheels = ['cuda-runtime', 'cublas', 'curand', 'cufft'].map((name) => `nvidia-${name}${suffix}`);
  return (
    `Load the cluster's CUDA ${cuda} and cuDNN 9 modules, or install them (pip install ${wheels.join(' ')} nvidia-cudnn-cu${cuda}), ` +
    'and put their lib folders on LD_LIBRARY_PATH.'
  );
}
