import {
  EXIT_CODES,
  isVirnucproError,
  StoppedError,
  storageFailure,
  type ExitCode,
} from '@virnucpro/protocol';
import type { VirnucproError } from '@virnucpro/protocol';

import { describeNode, isShared, type NodeShare } from '../nodes/node-share.ts';
import { formatBytes, formatCount, formatDuration } from '../progress/format.ts';
import { collectTrace } from './collect-trace.ts';
import { measureRoom } from './disk-room.ts';
import type { EmbedOutcome } from './embed.ts';
import { refuseChangedInputs } from './input-guard.ts';
import type { Job } from './job.ts';
import { mergePartially, mergeRun } from './merge-run.ts';
import { shareOf } from './mission.ts';
import { refuseOtherInput, saveManifest } from './save-manifest.ts';
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
  await refuseOtherInput(job, outcome);
  await refuseChangedInputs(job, outcome.files, outcome.shards);
  if (isShared(shareOf(job.mission))) return completeShare(job, outcome);
  await saveManifest(job, outcome, {});
  try {
    return await (outcome.missing.length > 0 ? mergePartially(job, outcome) : mergeRun(job, outcome));
  } catch (error) {
    if (!job.stop.signal.aborted) throw error;
    return leaveStopped(job, outcome, 'stopped');
  }
}

/** One node of several is done with its shards. The merge is for the end, when all are. */
async function completeShare(job: Job, outcome: EmbedOutcome): Promise<ExitCode> {
  const { tracker } = outcome;
  const { rows, rejected, shards } = tracker.done;
  await saveManifest(job, outcome, await statusForOthers(job));
  await writeReport(job, outcome, { status: 'complete', rows, rejected, rejectedByReason: {} });
  await collectTrace(job);
  job.events.emit({ event: 'run-ended', status: 'complete', rows, rejected });
  await job.closeRecords();
  const { directory } = job.paths;
  if (!job.settings.json) {
    job.context.stdout.write(
      `${describeNode(shareOf(job.mission))} is done: ${formatCount(rows)} sequences in ${formatCount(shards)} shards, ` +
        `${formatDuration(tracker.elapsedMs / 1000)}. When all nodes are: virnucpro-orchestrate merge ${directory}\n`,
    );
  }
  return EXIT_CODES.complete;
}

/** The last node that leaves says that nobody works there now. */
async function statusForOthers({ claim }: Job): Promise<{ status?: 'stopped' }> {
  return (await claim.hasCompany()) ? {} : { status: 'stopped' };
}

async function leaveStopped(
  job: Job,
  outcome: EmbedOutcome,
  status: 'stopped' | 'failed',
): Promise<ExitCode> {
  const { done } = outcome.tracker;
  await saveManifest(job, outcome, await statusForOthers(job));
  await writeReport(job, outcome, { status, rows: done.rows, rejected: done.rejected, rejectedByReason: {} });
  await collectTrace(job);
  job.events.emit({ event: 'run-ended', status: 'stopped', rows: done.rows, rejected: done.rejected });
  job.view.close();
  if (status === 'stopped') {
    job.log.warn(
      `stopped by ${job.stop.cause() ?? 'request'}: ${formatCount(outcome.tracker.snapshot().sequencesDone)} sequences are done; go on with: ` +
        `virnucpro-orchestrate resume ${job.paths.directory}${shareFlags(shareOf(job.mission))}`,
    );
  }
  return EXIT_CODES.stopped;
}

/** Without them one process would take on what belongs to all nodes. */
function shareFlags(share: NodeShare): string {
  return isShared(share) ? ` --num-nodes ${share.count} --node-rank ${share.rank}` : '';
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
  const { neededBytes, freeBytes } = await measureRoom(job, summary?.sequences ?? tracker.recordsScanned);
  const least = summary === null ? 'at least ' : 'about ';
  return new StoppedError(
    error.code,
    `${error.message} ${job.paths.directory} has ${formatBytes(freeBytes)} of room, and ${least}${formatBytes(neededBytes)} more are needed.`,
    { cause: error, details: { ...error.details, neededBytes, freeBytes } },
  );
}
