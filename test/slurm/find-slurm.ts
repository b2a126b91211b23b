import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { installPackages } from '../program/system-package.ts';

/** Debian keeps daemons where an ordinary user's PATH does not look. */
export const DAEMON_PATH = [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter);

const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol', 'scancel', 'srun'];

/** True when a Slurm is here, or could be installed. Nothing of it is started, nor configured for the machine. */
export function findSlurm(): boolean {
  return hasPrograms(PROGRAMS) || (installPackages(['slurm-wlm', 'munge']) && hasPrograms(PROGRAMS));
}

export function findShellcheck(): boolean {
  return hasPrograms(['shellcheck']) || (installPackages(['shellcheck']) && hasPrograms(['shellcheck']));
}

function hasPrograms(names: readonly string[]): boolean {
  return names.every((name) =>
    DAEMON_PATH.split(delimiter).some((folder) => isExecutable(join(folder, name))),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
