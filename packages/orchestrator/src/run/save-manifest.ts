import { readManifest, writeManifest, type Manifest } from '@virnucpro/checkpoint';
import { InputError } from '@virnucpro/protocol';

import { isShared } from '../nodes/node-share.ts';
import type { EmbedOutcome } from './embed.ts';
import type { Job } from './job.ts';
import { shareOf } from './mission.ts';
import type { RunInput } from './run-inputs.ts';
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
  { summary, shards }: EmbedOutcome,
  changes: ManifestChanges,
): Manifest {
  const found = summary === null ? null : scanRecord(summary, shards);
  return {
    ...current,
    ...provenInput(current, found, job.inputs),
    ...changes,
    updatedAt: new Date().toISOString(),
  };
}

/**
 * What the manifest says of the input. The first scan of a run says it for good; one that finds the same proves that a
 * touched file is what it was, and one that finds something else changes nothing. Pure.
 */
export function provenInput(
  known: Pick<Manifest, 'scan' | 'inputs'>,
  found: Manifest['scan'],
  inputs: readonly RunInput[],
): Pick<Manifest, 'scan' | 'inputs'> {
  const isProven = found !== null && (known.scan === null || known.scan.digest === found.digest);
  return isProven ? { scan: found, inputs: [...inputs] } : { scan: known.scan, inputs: known.inputs };
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
