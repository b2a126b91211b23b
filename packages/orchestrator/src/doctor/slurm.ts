import { ok, warn, type Finding } from './finding.ts';
import type { Machine } from './machine.ts';

/** What a job is known by; steps and jobs name their GPUs differently. */
const SHOWN = [
  ['SLURM_JOB_ID', 'job'],
  ['SLURM_JOB_NODELIST', 'nodes'],
  ['SLURM_PROCID', 'task'],
  ['SLURM_CPUS_PER_TASK', 'cpus per task'],
  ['SLURM_STEP_GPUS', 'GPUs of the step'],
  ['SLURM_JOB_GPUS', 'GPUs of the job'],
  ['SLURM_GPUS_ON_NODE', 'GPUs on this node'],
  ['CUDA_VISIBLE_DEVICES', 'CUDA_VISIBLE_DEVICES'],
] as const;

/** The batch job that this process is part of. */
export function probeSlurm({ environment }: Pick<Machine, 'environment'>): Finding {
  if (environment['SLURM_JOB_ID'] === undefined) return ok('Slurm', 'not in a job');
  const found = SHOWN.flatMap(([variable, name]) => {
    const value = environment[variable];
    return value === undefined ? [] : [`${name} ${value === '' ? '""' : value}`];
  }).join(', ');
  const named = environment['SLURM_STEP_GPUS'] ?? environment['SLURM_JOB_GPUS'] ?? '';
  const hasGpus = named !== '' || Number(environment['SLURM_GPUS_ON_NODE'] ?? 0) > 0;
  if (!hasGpus || environment['CUDA_VISIBLE_DEVICES'] !== undefined) return ok('Slurm', found);
  return warn(
    'Slurm',
    `${found}; CUDA_VISIBLE_DEVICES is not set`,
    'A container or wrapper dropped it. Where Slurm names the GPUs of the job, those are used, else all that the driver shows: name them with --gpus.',
  );
}
