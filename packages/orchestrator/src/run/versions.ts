import { createRequire } from 'node:module';
import { release } from 'node:os';

/** What a result may depend on, or a bug report must name. */
export function versionsOf(toolVersion: string): Record<string, string> {
  return {
    'virnucpro-orchestrate': toolVersion,
    'onnxruntime-node': runtimeVersion(),
    node: process.version,
    system: `${process.platform} ${release()} ${process.arch}`,
  };
}

/** The runtime belongs to the worker's package, which is where it is found. */
function runtimeVersion(): string {
  const worker = createRequire(import.meta.resolve('@virnucpro/gpu-worker/package.json'));
  const { version } = worker('onnxruntime-node/package.json') as { version: string };
  return version;
}
