import { describe, expect, test } from '@jest/globals';

import type { Gpu } from '../devices/gpu-list.ts';
import { probeCudaLibraries } from './cuda-libraries.ts';
import { probeProvider, type ProviderPlace } from './cuda-provider.ts';
import { newestCuda, probeDriver, probeGpus } from './driver.ts';
import type { Machine } from './machine.ts';

/** As `ldd` prints it for the provider of ONNX Runtime 1.29.0 for CUDA 13, on a machine without CUDA. */
const LDD_WITHOUT_CUDA = `	linux-vdso.so.1 (0x00007f41aa3a6000)
	libcublasLt.so.13 => not found
	libcublas.so.13 => not found
	libcurand.so.10 => not found
	libcudart.so.13 => not found
	libcuda.so.1 => not found
	libdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f41aa38d000)
	libstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f419c200000)
	/lib64/ld-linux-x86-64.so.2 (0x00007f41aa3a8000)
`;
const LDD_WHOLE = LDD_WITHOUT_CUDA.replaceAll('not found', '/cuda/lib (0x00007f41aa38d000)');

const CACHE = `594 libs found in cache \`/etc/ld.so.cache'
	libcudart.so.12 (libc6,x86-64) => /usr/local/cuda-12.4/lib64/libcudart.so.12
	libcublas.so.12 (libc6) => /usr/lib32/libcublas.so.12
	libcublas.so.12 (libc6,x86-64) => /usr/local/cuda-12.4/lib64/libcublas.so.12
	libcublasLt.so.12 (libc6,x86-64) => /usr/local/cuda-12.4/lib64/libcublasLt.so.12
	libcurand.so.10 (libc6,x86-64) => /usr/local/cuda-12.4/lib64/libcurand.so.10
	libcufft.so.11 (libc6,x86-64) => /usr/local/cuda-12.4/lib64/libcufft.so.11
`;

interface Recorded {
  readonly ldd?: string;
  readonly cache?: string;
  readonly folders?: Readonly<Record<string, readonly string[]>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly libraryPath?: string;
}

function recorded({ ldd, cache, folders = {}, links = {}, libraryPath }: Recorded): Machine {
  return {
    environment: libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath },
    run: (command) =>
      Promise.resolve((command === 'ldd' ? ldd : command === '/sbin/ldconfig' ? cache : null) ?? null),
    readText: () => Promise.resolve(null),
    list: (path) => Promise.resolve(folders[path] ?? []),
    realPath: (path) => Promise.resolve(links[path] ?? path),
  };
}

const place: ProviderPlace = {
  path: '/ort/bin/libonnxruntime_providers_cuda.so',
  version: '1.29.0',
  runtimeDirectory: '/ort',
  installable: ['cuda12'],
  newestCuda: 13,
};
const INSTALLED = { '/ort/bin': ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'] };

describe('the CUDA provider', () => {
  test('that is missing comes with the command that installs it', async () => {
    const { finding, cuda } = await probeProvider(recorded({}), place, 'asked');
    expect(finding.status).toBe('fail');
    expect(finding.remedy).toContain('cd /ort && ONNXRUNTIME_NODE_INSTALL=cuda12 node script/install.js');
    expect(finding.remedy).toContain('of ONNX Runtime 1.29.0 into /ort/bin');
    expect(cuda).toBeNull();
    expect((await probeProvider(recorded({}), place, 'possible')).finding.status).toBe('warn');
    expect((await probeProvider(recorded({}), place, 'none')).finding).toMatchObject({
      status: 'ok',
      remedy: null,
    });
  });

  test('that cannot be fetched for this platform has to be put there by hand', async () => {
    const { finding } = await probeProvider(recorded({}), { ...place, installable: [] }, 'asked');
    expect(finding.remedy).toMatch(/^onnxruntime-node 1.29.0 has none to fetch/);
  });

  test('that lacks libraries names each of them', async () => {
    const { finding, cuda } = await probeProvider(
      recorded({ folders: INSTALLED, ldd: LDD_WITHOUT_CUDA }),
      place,
      'asked',
    );
    expect(finding.status).toBe('fail');
    expect(finding.found).toMatch(
      /does not find libcublasLt.so.13, libcublas.so.13, libcurand.so.10, libcudart.so.13, libcuda.so.1$/,
    );
    expect(finding.remedy).toContain('pip install nvidia-cuda-runtime nvidia-cublas');
    expect(cuda).toBe(13);
  });

  test('that is whole is well', async () => {
    const { finding, cuda } = await probeProvider(
      recorded({ folders: INSTALLED, ldd: LDD_WHOLE }),
      place,
      'asked',
    );
    expect(finding).toMatchObject({ status: 'ok', found: `for CUDA 13, ${place.path}` });
    expect(cuda).toBe(13);
  });

  test('without its shared part is not there', async () => {
    const folders = { '/ort/bin': ['libonnxruntime_providers_cuda.so'] };
    const { finding } = await probeProvider(recorded({ folders, ldd: LDD_WHOLE }), place, 'asked');
    expect(finding.found).toMatch(/^libonnxruntime_providers_shared.so is not in/);
  });
});

describe('the CUDA libraries', () => {
  test('are found in the cache of the loader, for this architecture, with the version behind the link', async () => {
    const links = {
      '/usr/local/cuda-12.4/lib64/libcudart.so.12': '/usr/local/cuda-12.4/lib64/libcudart.so.12.4.127',
    };
    const [runtime, cudnn] = await probeCudaLibraries(recorded({ cache: CACHE, links }), null, 'asked');
    expect(runtime).toMatchObject({ status: 'ok' });
    expect(runtime!.found).toContain('libcudart.so.12 12.4.127 (/usr/local/cuda-12.4/lib64/libcudart.so.12)');
    expect(runtime!.found).toContain('libcublas.so.12 12 (/usr/local');
    expect(cudnn).toMatchObject({ status: 'warn', found: 'the loader does not find libcudnn.so.9' });
  });

  test('in LD_LIBRARY_PATH go before those in the cache', async () => {
    const folders = { '/env/lib': ['libcudart.so.12', 'libcudnn.so.9'] };
    const machine = recorded({ cache: CACHE, folders, libraryPath: '/nowhere::/env/lib' });
    const [runtime, cudnn] = await probeCudaLibraries(machine, 12, 'asked');
    expect(runtime!.found).toContain('(/env/lib/libcudart.so.12)');
    expect(cudnn).toMatchObject({ status: 'ok', found: 'libcudnn.so.9 9 (/env/lib/libcudnn.so.9)' });
  });

  test("of another CUDA version than the provider's are not enough", async () => {
    const [runtime] = await probeCudaLibraries(recorded({ cache: CACHE }), 13, 'asked');
    expect(runtime).toMatchObject({ status: 'fail' });
    expect(runtime!.found).toMatch(
      /does not find libcudart.so.13, libcublas.so.13, libcublasLt.so.13; found: libcurand/,
    );
  });

  test('are not missed on CPU', async () => {
    const findings = await probeCudaLibraries(recorded({}), null, 'none');
    expect(findings.map(({ status, remedy }) => [status, remedy])).toEqual([
      ['ok', null],
      ['ok', null],
    ]);
  });
});

const gpu: Gpu = {
  index: 0,
  uuid: 'GPU-8f2a',
  name: 'NVIDIA A100',
  pciBusId: '00000000:07:00.0',
  memoryTotalMiB: 81_920,
  memoryFreeMiB: 81_000,
  driverVersion: '535.129.03',
  migs: [],
};

test.each([
  ['470.82.01', null],
  ['525.60.13', 12],
  ['570.86.15', 12],
  ['580.65.06', 13],
  [null, null],
] as const)('driver %s runs CUDA %s', (driver, cuda) => {
  expect(newestCuda(driver)).toBe(cuda);
});

test('a driver that is missing or too old fails whoever asked for GPUs', () => {
  const none = {
    gpus: [],
    problem: 'nvidia-smi failed: Failed to initialize NVML: Driver/library version mismatch',
  };
  expect(probeDriver(none, 'asked')).toMatchObject({ status: 'fail', found: none.problem });
  expect(probeDriver(none, 'none')).toMatchObject({ status: 'ok' });
  expect(
    probeDriver({ gpus: [{ ...gpu, driverVersion: '470.82.01' }], problem: null }, 'asked'),
  ).toMatchObject({
    status: 'fail',
    remedy: 'CUDA 12 needs a driver from 525 on: update it.',
  });
  expect(probeDriver({ gpus: [gpu], problem: null }, 'asked')).toMatchObject({
    found: '535.129.03, up to CUDA 12',
  });
});

test('a GPU that others use is a warning', () => {
  const listing = { gpus: [gpu, { ...gpu, index: 1, memoryFreeMiB: 9_000 }], problem: null };
  expect(probeGpus(listing, 'asked').map(({ status }) => status)).toEqual(['ok', 'warn']);
  expect(probeGpus(listing, 'none').map(({ status }) => status)).toEqual(['ok', 'ok']);
});
