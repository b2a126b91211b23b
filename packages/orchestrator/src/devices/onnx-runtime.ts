import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import * as z from 'zod';

/** The folder of the onnxruntime-node that workers load. Only looked at: the parent never loads the runtime. */
export function runtimeDirectory(): string {
  const worker = createRequire(import.meta.url).resolve('@virnucpro/gpu-worker/package.json');
  return dirname(dirname(createRequire(worker).resolve('onnxruntime-node')));
}

export function onnxRuntimeVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(runtimeDirectory(), 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}

/** Where the runtime looks for its CUDA provider, a library that its npm package does not contain. */
export function cudaProviderPath(): string {
  const { platform, arch } = process;
  return join(runtimeDirectory(), 'bin', 'napi-v6', platform, arch, 'libonnxruntime_providers_cuda.so');
}

const metadataSchema = z.object({ requirements: z.record(z.string(), z.array(z.string())) });

/** What the runtime's own install script can fetch for this platform, as its ONNXRUNTIME_NODE_INSTALL names it. */
export function cudaInstallations(): readonly string[] {
  const script = createRequire(import.meta.url)(
    join(runtimeDirectory(), 'script', 'install-metadata.js'),
  ) as unknown;
  return metadataSchema.parse(script).requirements[`${process.platform}/${process.arch}`] ?? [];
}
