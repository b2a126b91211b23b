import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';

import {
  mergeShardLogs,
  nodeFileSystem,
  shardLogPath,
  writeManifest,
  type Manifest,
  type MergeOptions,
  type MergeResult,
  type RunPaths,
} from '@virnucpro/checkpoint';
import { EXIT_CODES, InputError, type ExitCode, type Shard } from '@virnucpro/protocol';

import { formatCount } from '../progress/format.ts';
import type { EmbedOutcome } from './embed.ts';
import type { Job } from './job.ts';
import { summaryText } from './run-summary.ts';
import { writeReport } from './write-report.ts';

/**
 * Brings a run to its end: merges when everything is computed, else leaves it resumable.
 *
 * @throws {VirnucproError} the error that stopped the run; what was computed is kept
 */
export async function finishRun(job: Job, outcome: EmbedOutcome): Promise<ExitCode> {
  switch (outcome.end.kind) {
    case 'complete':
      return complete(job, outcome);
    case 'drained':
      return leaveStopped(job, outcome);
    case 'failed':
      await leaveStopped(job, outcome);
      throw outcome.end.error;
    default:
      return outcome.end satisfies never;
  }
}

async function complete(job: Job, outcome: EmbedOutcome): Promise<ExitCode> {
  const scan = scanRecord(outcome);
  if (job.manifest.scan !== null && scan !== null && job.manifest.scan.digest !== scan.digest) {
    throw new InputError(
      'INPUT_CHANGED',
      'The input is not the one that this run began with. Restore it, or --force-restart.',
    );
  }
  await saveManifest(job, { scan });
  const mergeStartedMs = performance.now();
  let merged: MergeResult;
  try {
    merged = await merge(job, outcome);
  } catch (error) {
    if (!job.stop.signal.aborted) throw error;
    return leaveStopped(job, outcome);
  }
  const mergeMs = performance.now() - mergeStartedMs;
  const manifest = await saveManifest(job, { scan, status: 'complete', outputs: [...merged.files] });
  const { rows, rejected, rejectedByReason } = merged;
  await writeReport(job, outcome, {
    status: rejected > 0 ? 'complete-with-rejections' : 'complete',
    rows,
    rejected,
    rejectedByReason,
  });
  if (!job.settings['keep-checkpoints']) await removeCheckpoints(job.paths);
  job.events.emit({ event: 'run-ended', status: 'complete', rows, rejected });
  job.view.close();
  if (!job.settings.json) {
    const { paths, context } = job;
    context.stdout.write(summaryText({ manifest, merged, paths, tracker: outcome.tracker, mergeMs }));
  }
  return rejected > 0 ? EXIT_CODES.completeWithRejections : EXIT_CODES.complete;
}

function merge(job: Job, outcome: EmbedOutcome): Promise<MergeResult> {
  const { manifest, paths, model, byteSettings } = job;
  const options: MergeOptions = {
    fileSystem: nodeFileSystem,
    shards: outcome.shards.map((shard) => ({
      shard,
      path: shardLogPath(paths.checkpointDirectory, shard.shardId),
    })),
    runId: manifest.runId,
    settingsHash: manifest.settingsHash,
    displayPaths: outcome.files.map(({ displayPath }) => displayPath),
    outputDirectory: paths.directory,
    embeddingDim: model.embeddingDim,
    dtype: byteSettings.dtype,
    packerVersion: byteSettings.packer,
    signal: job.stop.signal,
  };
  return mergeShardLogs(options, outcome.tracker.done.rows);
}

async function leaveStopped(job: Job, outcome: EmbedOutcome): Promise<ExitCode> {
  const { done } = outcome.tracker;
  await saveManifest(job, { scan: scanRecord(outcome) ?? job.manifest.scan, status: 'stopped' });
  const status = outcome.end.kind === 'failed' ? 'failed' : 'stopped';
  await writeReport(job, outcome, { status, rows: done.rows, rejected: done.rejected, rejectedByReason: {} });
  job.events.emit({ event: 'run-ended', status: 'stopped', rows: done.rows, rejected: done.rejected });
  job.view.close();
  if (outcome.end.kind !== 'failed') {
    job.log.warn(
      `stopped by ${job.stop.cause() ?? 'request'}: ${formatCount(done.rows)} sequences are done; go on with: ` +
        `virnucpro-orchestrate resume ${job.paths.directory}`,
    );
  }
  return EXIT_CODES.stopped;
}

async function saveManifest(job: Job, changes: Partial<Manifest>): Promise<Manifest> {
  const manifest: Manifest = { ...job.manifest, ...changes, updatedAt: new Date().toISOString() };
  await writeManifest(nodeFileSystem, job.paths.manifest, manifest);
  return manifest;
}

/** What the scan found, and a digest over all shards with their checksums: the identity of the input. */
function scanRecord({ summary, shards }: EmbedOutcome): Manifest['scan'] {
  if (summary === null) return null;
  const { records, residues, tokens } = summary;
  return { records, residues, tokens, shards: shards.length, digest: digestOf(shards) };
}

function digestOf(shards: readonly Shard[]): string {
  const hash = createHash('sha256');
  for (const { fileIndex, byteStart, byteEnd, crc32c } of shards)
    hash.update(`${fileIndex} ${byteStart} ${byteEnd} ${crc32c}\n`);
  return hash.digest('hex');
}

async function removeCheckpoints({ checkpointDirectory, spoolDirectory }: RunPaths): Promise<void> {
  await rm(checkpointDirectory, { recursive: true, force: true });
  await rm(spoolDirectory, { recursive: true, force: true });
}
