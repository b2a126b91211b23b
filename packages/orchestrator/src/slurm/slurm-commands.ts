import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { UsageError } from '@virnucpro/protocol';

import { sbatchEnvironment } from './sbatch-environment.ts';

/** A program of Slurm's, from PATH. */
export type SlurmProgram = 'sbatch' | 'squeue' | 'scancel' | 'scontrol';

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Why a program of Slurm's gave no answer. */
export interface SlurmFailure {
  /** missing: it is not on PATH */
  readonly kind: 'missing' | 'failed';
  /** In its own words. */
  readonly reason: string;
}

export type SlurmAnswer =
  { readonly ok: true; readonly text: string } | ({ readonly ok: false } & SlurmFailure);

/** Runs one; never throws. Arguments go to it as they are: no shell is between. */
export async function callSlurm(
  program: SlurmProgram,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<SlurmAnswer> {
  try {
    const { stdout } = await promisify(execFile)(program, [...args], {
      env: environment,
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    return { ok: true, text: stdout };
  } catch (error) {
    return { ok: false, ...describeFailure(program, error) };
  }
}

function describeFailure(program: SlurmProgram, error: unknown): SlurmFailure {
  if (!(error instanceof Error)) return { kind: 'failed', reason: String(error) };
  if ('code' in error && error.code === 'ENOENT')
    return { kind: 'missing', reason: `${program} is not on PATH` };
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return { kind: 'failed', reason: said === '' ? error.message : said.replace(/^\w+: error: /, '') };
}

/**
 * Gives a script to sbatch.
 *
 * @returns the job's id
 * @throws {UsageError} NO_SLURM, SUBMIT_FAILED with sbatch's own words
 */
export async function submitScript(path: string, options: readonly string[] = []): Promise<string> {
  const environment = sbatchEnvironment(process.env, await readFile(path, 'utf8'));
  const answer = await callSlurm('sbatch', ['--parsable', ...options, path], environment);
  if (!answer.ok && answer.kind === 'missing') {
    throw new UsageError(
      'NO_SLURM',
      'This machine has no Slurm (sbatch is not on PATH). Submit from a login node of the cluster.',
    );
  }
  if (!answer.ok) {
    throw new UsageError('SUBMIT_FAILED', `sbatch refused ${path}: ${answer.reason}`);
  }
  // "ID" or, with several clusters, "ID;CLUSTER".
  const jobId = answer.text.trim().split(';')[0] ?? '';
  if (/^\d+$/.test(jobId)) return jobId;
  throw new UsageError('SUBMIT_FAILED', `sbatch took ${path} but said no job id: ${answer.text.trim()}`);
}
