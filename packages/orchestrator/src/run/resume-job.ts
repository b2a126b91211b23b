import { readManifest, runPaths, type Manifest } from '@virnucpro/checkpoint';
import type { InputFile } from '@virnucpro/fasta';
import { InputError, type ExitCode } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { flagLayer, resolveSettings, type SettingsLayer } from '../config/layers.ts';
import { runOnFiles } from './run-job.ts';
import type { RunContext } from './run-context.ts';
import { recallInputs } from './run-inputs.ts';

/** What the manifest of an unfinished run knows of it. */
export interface RecalledRun {
  readonly manifest: Manifest;
  readonly files: readonly InputFile[];
  readonly settings: RunSettings;
}

/**
 * Goes on with an unfinished run; its manifest knows inputs and settings.
 *
 * @param flags options that change no output byte, as given for this part of the run
 * @throws {InputError} NO_RUN when the folder holds none
 */
export async function resumeJob(
  runDirectory: string,
  flags: Readonly<Record<string, unknown>>,
  context: RunContext,
): Promise<ExitCode> {
  const { files, settings } = await recallRun(runDirectory, flags, context);
  return runOnFiles({ files, runDirectory, settings, context });
}

/**
 * @param flags win over the options that the run was started with
 * @throws {InputError} NO_RUN when the folder holds none, INPUT_NOT_FOUND
 */
export async function recallRun(
  runDirectory: string,
  flags: Readonly<Record<string, unknown>>,
  context: RunContext,
): Promise<RecalledRun> {
  const manifest = await readManifest(context.fileSystem, runPaths(runDirectory).manifest);
  if (manifest === null) {
    throw new InputError(
      'NO_RUN',
      `${runDirectory} holds no run (no manifest.json). Start one: virnucpro-orchestrate FASTA... -o ${runDirectory}`,
    );
  }
  const settings = resolveSettings([flagLayer(flags), storedLayer(manifest.options)]);
  return { manifest, settings, files: await recallInputs(manifest.inputs) };
}

function storedLayer(options: Readonly<Record<string, unknown>>): SettingsLayer {
  const set = Object.entries(options).filter(([, value]) => value !== null);
  return {
    values: Object.fromEntries(set),
    nameOf: (option) => `"${option}" in manifest.json`,
  };
}
