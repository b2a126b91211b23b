import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { resolveInputFiles } from '@virnucpro/fasta';
import { loadEsmModel } from '@virnucpro/model';
import { UsageError } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { installationDirectory, programPath } from '../installation/installation.ts';
import type { ScriptRequest } from './batch-scripts.ts';
import { runArguments } from './run-arguments.ts';
import type { SlurmSettings } from './slurm-options.ts';

export interface ScriptWish {
  readonly fasta: readonly string[];
  readonly runDirectory: string;
  readonly runSettings: RunSettings;
  readonly slurmSettings: SlurmSettings;
  readonly programEntry: URL | undefined;
}

/**
 * Checks what a job would find out only after its time in the queue: inputs, model, options that do not go together.
 *
 * @throws {VirnucproError} as `run` would
 */
export async function scriptRequest(wish: ScriptWish): Promise<ScriptRequest> {
  const { fasta, runSettings, slurmSettings, programEntry } = wish;
  refuseStdin(fasta);
  await resolveInputFiles(fasta);
  if (runSettings.model !== 'demo') await loadEsmModel(runSettings.model);
  const image = slurmSettings.container;
  if (image !== null) await refuseMissingImage(image);
  return {
    runDirectory: resolve(wish.runDirectory),
    inputs: fasta.map((path) => resolve(path)),
    runArguments: runArguments(runSettings, slurmSettings),
    folders: runSettings.model === 'demo' ? [] : [resolve(runSettings.model)],
    settings: { ...slurmSettings, container: image === null || isRemote(image) ? image : resolve(image) },
    program: {
      node: process.execPath,
      entry: programEntry === undefined ? programPath : fileURLToPath(programEntry),
      root: installationDirectory,
    },
  };
}

function refuseStdin(fasta: readonly string[]): void {
  if (!fasta.includes('-')) return;
  throw new UsageError(
    'STDIN_IN_JOB',
    'A job cannot read from your standard input. Write it to a file first, on a file system that the nodes share.',
  );
}

/** As docker://nvcr.io/... */
function isRemote(image: string): boolean {
  return /^\w+:\/\//.test(image);
}

async function refuseMissingImage(image: string): Promise<void> {
  if (isRemote(image) || (await stat(image).catch(() => null)) !== null) return;
  throw new UsageError('NO_IMAGE', `--container ${image}: there is no such image.`);
}
