import type { ExitCode } from '@virnucpro/protocol';

import { mergeOnFiles } from './run-job.ts';
import { recallRun } from './resume-job.ts';
import type { RunContext } from './run-context.ts';

/**
 * Merges a run that several nodes computed. Reads the inputs once more, so that every record is accounted for; computes
 * nothing.
 *
 * @param flags options that change no output byte
 * @returns 0, 3 with rejected records, 75 when a partial merge lacks shards
 * @throws {StoppedError} SHARDS_MISSING naming them · {InputError} NO_RUN, RUN_LOCKED, INPUT_CHANGED
 */
export async function mergeJob(
  runDirectory: string,
  { partial }: { readonly partial: boolean },
  flags: Readonly<Record<string, unknown>>,
  context: RunContext,
): Promise<ExitCode> {
  const { manifest, files, settings } = await recallRun(runDirectory, flags, context);
  const device = manifest.settings['device'] === 'cuda' ? 'cuda' : 'cpu';
  return mergeOnFiles({ files, runDirectory, settings, context }, { kind: 'merge', partial, device });
}
