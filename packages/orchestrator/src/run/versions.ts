import { release } from 'node:os';

import { onnxRuntimeVersion } from '../devices/onnx-runtime.ts';

/** What a result may depend on, or a bug report must name. */
export function versionsOf(toolVersion: string): Record<string, string> {
  return {
    'virnucpro-orchestrate': toolVersion,
    'onnxruntime-node': onnxRuntimeVersion(),
    node: process.version,
    system: `${process.platform} ${release()} ${process.arch}`,
  };
}
