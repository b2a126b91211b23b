import { defaultCacheDirectory, prepareModel, type PreparedModel } from '@virnucpro/model';

import type { RunSettings } from '../config/run-options.ts';
import type { RunContext } from './run-context.ts';

/** The model of a run, its graph built and its weights checked. @throws {VirnucproError} what is wrong with it */
export function prepareRunModel(
  settings: RunSettings,
  { environment, stderr }: RunContext,
): Promise<PreparedModel> {
  return prepareModel({
    model: settings.model,
    cacheDirectory: defaultCacheDirectory(environment),
    precision: settings.precision,
    pooling: settings.pooling,
    outputDtype: settings.dtype,
    maxResidues: settings['max-residues'],
    onProgress: (message) => stderr.write(`${message}\n`),
  });
}
