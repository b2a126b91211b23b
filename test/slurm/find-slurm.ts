import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { describe } from '@jest/globals';

import { installPackages } from '../program/system-package.ts';

/** Debian keeps daemons where an ordinary user's PATH does not look. */
export const DAEMON_PATH = [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter);

const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol', 'scancel', 'srun'];

/**
 * `describe` when a Slurm is here, or could be installed; else one that skips, and says so. Nothing of it is started, nor
 * configured for the machine.
 */
export function describeOnSlurm(): typeof describe.skip {
  if (hasPrograms(PROGRAMS)) return describe;
  if (installPackages(['slurm-wlm', 'munge']) && hasPrograms(PROGRAMS)) return describe;
  console.warn('skipped: no Slurm here, and none can be installed (slurm-wlm, munge)');
  return describe.skip;
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
