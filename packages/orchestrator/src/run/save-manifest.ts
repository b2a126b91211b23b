import { readManifest, writeManifest, type Manifest } from '@virnucpro/checkpoint';
import { InputError } from '@virnucpro/protocol';

import { isShared } from '../nodes/node-share.ts';
import type { EmbedOutcome } from './embed.ts';
import type { Job } from './job.ts';
import { shareOf } from './mission.ts';
import { scanRecord } from './scan-record.ts';

type ManifestChanges = Partial<Pick<Manifest, 'status' | 'outputs' | 'records'>>;

/** Writes down what is known of the run now: what the scan found, and the changes. */
export function saveManifest(job: Job, outcome: EmbedOutcome, changes: ManifestChanges): Promise<Manifest> {
  return job.claim.exclusively(async () => {
    const manifest = changedManifest(await currentManifest(job), job, outcome, changes);
    await writeManifest(job.context.fileSystem, job.paths.manifest, manifest);
    return manifest;
  });
}

function changedManifest(
  current: Manifest,
  job: Job,
  { summary, shards, end }: EmbedOutcome,
  changes: ManifestChanges,
): Manifest {
  const refused = end.kind === 'failed' && end.error.code === 'RUN_DIFFERS';
  return {
    ...current,
    scan: summary === null || refused ? current.scan : scanRecord(summary, shards),
    // A touched input that proved the same is known by its new time from now on.
    inputs: summary === null || refused ? current.inputs : [...job.inputs],
    ...changes,
    updatedAt: new Date().toISOString(),
  };
}

/** Other nodes may have written it since. */
async function currentManifest({ mission, manifest, context, paths }: Job): Promise<Manifest> {
  if (!isShared(shareOf(mission))) return manifest;
  return (await readManifest(context.fileSystem, paths.manifest)) ?? manifest;
}

/**
 * The scan must find what the first one of this run found, be it of an earlier attempt or of another node.
 *
 * @throws {InputError} INPUT_CHANGED
 */
export async function refuseOtherInput(job: Job, { summary, shards }: EmbedOutcome): Promise<void> {
  const { scan } = await currentManifest(job);
  if (scan === null || summary === null) return;
  if (scan.digest === scanRecord(summary, shards).digest) return;
  throw new InputError(
    'INPUT_CHANGED',
    'The input is not the one that this run began with. Restore it, or --force-restart.',
  );
}
