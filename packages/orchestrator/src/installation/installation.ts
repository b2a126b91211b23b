import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Found by its name: the file that asks may have been bundled into any other. */
const manifestPath = createRequire(import.meta.url).resolve('@virnucpro/orchestrator/package.json');
const packageDirectory = dirname(manifestPath);

/** The folder of the whole installation, which holds config/, packages/ and node_modules/. */
export const installationDirectory = dirname(dirname(packageDirectory));

/** The file that starts the program. */
export const programPath = join(packageDirectory, 'bin', 'virnucpro-orchestrate.js');

/** @param name as "devices.yaml", or "slurm/run.sh" */
export function shippedConfigPath(name: string): string {
  return join(installationDirectory, 'config', name);
}

export function toolVersion(): string {
  const { version } = createRequire(import.meta.url)(manifestPath) as { version: string };
  return version;
}
