import type { DurableFileSystem } from '@virnucpro/checkpoint';

/** What a command may touch of the outside world; tests replace parts of it. */
export interface RunContext {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stdin: NodeJS.ReadableStream;
  readonly environment: NodeJS.ProcessEnv;
  readonly toolVersion: string;
  readonly fileSystem: DurableFileSystem;
  /** The file that is forked per device; its default is the worker of @virnucpro/gpu-worker. */
  readonly workerEntry?: URL;
  /** ONNX Runtime's CUDA provider library; its default is beside the runtime. */
  readonly cudaProvider?: string;
  /** The file that a batch script starts; its default is the program's own. */
  readonly programEntry?: URL;
}

/** Sets the exit code of the program. */
export type Finish = (exitCode: number) => void;
