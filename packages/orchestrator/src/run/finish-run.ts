import {
  mergeShardLogs,
  shardLogPath,
  writeManifest,
  type DurableFileSystem,
  type Manifest,
  type MergeOptions,
  type MergeResult,
  type RunPaths,
} from '@virnucpro/checkpoint';
import {
  EXIT_CODES,
  InputError,
  isVirnucproError,
  StoppedError,
  storageFailure,
  type ExitCode,
  type VirnucproError,
} from '@virnucpro/protocol';

import { formatBytes, formatCount } from '../progress/format.ts';
import { collectTrace } from './collect-trace.ts';
import { measureRoom } from './disk-room.ts';
import type { EmbedOutcome } from './embed.ts';
import { hashRecords } from './hash-records.ts';
import { refuseChangedInputs } from './input-guard.ts';
import type { Job } from './job.ts';
import { summaryText } from './run-summary.ts';
import { scanRecord } from './scan-record.ts';
import { writeReport } from './write-report.ts';

/**
 * Brings a run to its end: merges when everything is computed, else leaves it resumable.
 *
 * @throws {VirnucproError} the error that stopped the run; what was computed is kept
 */
export async function finishRun(job: Job, outcome: EmbedOutcome): Promise<ExitCode> {
  switch (outcome.end.kind) {
    case 'complete':
      return complete(job, outcome).catch((error: unknown) => fail(job, outcome, error));
    case 'drained':
      return leaveStopped(job, outcome, 'stopped');
    case 'failed':
      return fail(job, outcome, outcome.end.error);
    default:
      return outcome.end satisfies never;
  }
}

async function complete(job: Job, outcome: EmbedOutcome): Promise<ExitCode> {
  refuseOtherInput(job, outcome);
  await refuseChangedInputs(job, outcome.files, outcome.shards);
  await saveManifest(job, outcome, {});
  const mergeStartedMs = performance.now();
  let merged: MergeResult;
  try {
    merged = await merge(job, outcome);
  } catch (error) {
    if (!job.stop.signal.aborted) throw error;
    return leaveStopped(job, outcome, 'stopped');
  }
  const mergeMs = performance.now() - mergeStartedMs;
  const { rows, rejected, rejectedByReason, files } = merged;
  const status = rejected > 0 ? 'complete-with-rejections' : 'complete';
  const report = await writeReport(job, outcome, { status, rows, rejected, rejectedByReason }, files);
  await collectTrace(job);
  job.events.emit({ event: 'run-ended', status: 'complete', rows, rejected });
  await job.closeRecords();
  const records = await hashRecords(job);
  // From here on the run is complete; a death before this line leaves one that is merged again.
  const manifest = await saveManifest(job, outcome, { status: 'complete', outputs: [...files], records });
  if (!job.settings['keep-checkpoints']) await removeCheckpoints(job.context.fileSystem, job.paths);
  if (!job.settings.json) {
    const { paths, context } = job;
    context.stdout.write(summaryText({ manifest, merged, paths, tracker: outcome.tracker, mergeMs, report }));
  }
  return rejected > 0 ? EXIT_CODES.completeWithRejections : EXIT_CODES.complete;
}

/** The scan of a resumed run must find what the first one found. */
function refuseOtherInput({ manifest }: Job, { summary, shards }: EmbedOutcome): void {
  if (manifest.scan === null || summary === null) return;
  if (manifest.scan.digest === scanRecord(summary, shards).digest) return;
  throw new InputError(
    'INPUT_CHANGED',
    'The input is not the one that this run began with. Restore it, or --force-restart.',
  );
}

function merge(job: Job, outcome: EmbedOutcome): Promise<MergeResult> {
  const { manifest, paths, model, byteSettings } = job;
  const options: MergeOptions = {
    fileSystem: job.context.fileSystem,
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

async function leaveStopped(
  job: Job,
  outcome: EmbedOutcome,
  status: 'stopped' | 'failed',
): Promise<ExitCode> {
  const { done } = outcome.tracker;
  await saveManifest(job, outcome, { status: 'stopped' });
  await writeReport(job, outcome, { status, rows: done.rows, rejected: done.rejected, rejectedByReason: {} });
  await collectTrace(job);
  job.events.emit({ event: 'run-ended', status: 'stopped', rows: done.rows, rejected: done.rejected });
  job.view.close();
  if (status === 'stopped') {
    job.log.warn(
      `stopped by ${job.stop.cause() ?? 'request'}: ${formatCount(outcome.tracker.snapshot().sequencesDone)} sequences are done; go on with: ` +
        `virnucpro-orchestrate resume ${job.paths.directory}`,
    );
  }
  return EXIT_CODES.stopped;
}

/** What is in the logs stays, whatever happened; the manifest says "stopped" if there is room to say it. */
async function fail(job: Job, outcome: EmbedOutcome, cause: unknown): Promise<never> {
  const error = storageFailure(cause) ?? cause;
  await leaveStopped(job, outcome, 'failed').catch((second: unknown) => {
    job.log.error('the end of the run could not be recorded', { error: String(second) });
  });
  if (isVirnucproError(error) && error.details['errno'] === 'ENOSPC')
    throw await withRoom(job, outcome, error);
  throw error;
}

async function withRoom(
  job: Job,
  { summary, tracker }: EmbedOutcome,
  error: VirnucproError,
): Promise<VirnucproError> {
  const { neededBytes, freeBytes } = await measureRoom(job, summary?.records ?? tracker.recordsScanned);
  const least = summary === null ? 'at least ' : 'about ';
  return new StoppedError(
    error.code,
    `${error.message} ${job.paths.directory} has ${formatBytes(freeBytes)} of room, and ${least}${formatBytes(neededBytes)} more are needed.`,
    { cause: error, details: { ...error.details, neededBytes, freeBytes } },
  );
}

async function saveManifest(
  job: Job,
  { summary, shards, end }: EmbedOutcome,
  changes: Partial<Manifest>,
): Promise<Manifest> {
  const refused = end.kind === 'failed' && end.error.code === 'RUN_DIFFERS';
  const manifest: Manifest = {
    ...job.manifest,
    scan: summary === null || refused ? job.manifest.scan : scanRecord(summary, shards),
    // A touched input that proved the same is known by its new time from now on.
    inputs: summary === null || refused ? job.manifest.inputs : [...job.inputs],
    ...changes,
    updatedAt: new Date().toISOString(),
  };
  await writeManifest(job.context.fileSystem, job.paths.manifest, manifest);
  return manifest;
}

/** What a finished run does not need any more. */
export async function removeCheckpoints(fileSystem: DurableFileSystem, paths: RunPaths): Promise<void> {
  await fileSystem.removeDirectory(paths.checkpointDirectory);
  await fileSystem.removeDirectory(paths.spoolDirectory);
}
