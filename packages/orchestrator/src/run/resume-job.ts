import { readManifest, runPaths } from '@virnucpro/checkpoint';
import { InputError, type ExitCode } from '@virnucpro/protocol';

import { flagLayer, resolveSettings, type SettingsLayer } from '../config/layers.ts';
import { runOnFiles } from './run-job.ts';
import type { RunContext } from './run-context.ts';
import { recallInputs } from './run-inputs.ts';

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
  const manifest = await readManifest(context.fileSystem, runPaths(runDirectory).manifest);
  if (manifest === null) {
    throw new InputError(
      'NO_RUN',
      `${runDirectory} holds no run (no manifest.json). Start one: virnucpro-orchestrate FASTA... -o ${runDirectory}`,
    );
  }
  const settings = resolveSettings([flagLayer(flags), storedLayer(manifest.options)]);
  return runOnFiles({ files: await recallInputs(manifest.inputs), runDirectory, settings, context });
}

function storedLayer(options: Readonly<Record<string, unknown>>): SettingsLayer {
  const set = Object.entries(options).filter(([, value]) => value !== null);
  return {
    values: Object.fromEntries(set),
    nameOf: (option) => `"${option}" in manifest.json`,
  };
}
