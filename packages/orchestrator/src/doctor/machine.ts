import { execFile } from 'node:child_process';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';

/** All that the probes see of the machine; recorded answers stand in for it in tests. */
export interface Machine {
  readonly environment: NodeJS.ProcessEnv;
  /** @returns standard output, whatever the exit code; null when the program is not there or does not answer */
  readonly run: (command: string, ...args: string[]) => Promise<string | null>;
  /** @returns null when there is no such file, or it cannot be read */
  readonly readText: (path: string) => Promise<string | null>;
  /** Names in a folder; none when it is not there. */
  readonly list: (path: string) => Promise<readonly string[]>;
  /** The file behind links; the path itself when it leads nowhere. */
  readonly realPath: (path: string) => Promise<string>;
}

const TIMEOUT_MS = 20_000;

export function thisMachine(environment: NodeJS.ProcessEnv): Machine {
  return {
    environment,
    run: async (command, ...args) => {
      const options = { env: environment, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
      try {
        return (await promisify(execFile)(command, args, options)).stdout;
      } catch (error) {
        // A program that complains has said something all the same.
        const { code, stdout } = error as { code?: unknown; stdout?: unknown };
        return typeof code === 'number' && typeof stdout === 'string' ? stdout : null;
      }
    },
    readText: (path) => readFile(path, 'utf8').catch(() => null),
    list: (path) => readdir(path).catch(() => []),
    realPath: (path) => realpath(path).catch(() => path),
  };
}
