import { join } from 'node:path';

import {
  mergeShardLogs,
  shardLogPath,
  writeFileAtomically,
  type MergeOptions,
  type MergeResult,
} from '@virnucpro/checkpoint';
import { EXIT_CODES, type ExitCode, type Shard } from '@virnucpro/protocol';

import { formatCount } from '../progress/format.ts';
import { collectTrace } from './collect-trace.ts';
import type { EmbedOutcome } from './embed.ts';
import { translationOf } from './fingerprint.ts';
import { hashRecords } from './hash-records.ts';
import type { Job } from './job.ts';
import { removeCheckpoints } from './run-folder.ts';
import { summaryText } from './run-summary.ts';
import { saveManifest } from './save-manifest.ts';
import { writeReport } from './write-report.ts';

/** Everything is computed: results, report, manifest. */
export async function mergeRun(job: Job, outcome: EmbedOutcome): Promise<ExitCode> {
  const mergeStartedMs = performance.now();
  const merged = await merge(job, outcome, job.paths.directory);
  const mergeMs = performance.now() - mergeStartedMs;
  const { rows, rejected, rejectedByReason, recordsWithoutFrames, files } = merged;
  if (recordsWithoutFrames > 0)
    job.log.info(
      `${formatCount(recordsWithoutFrames)} nucleotide records gave no row: no frame of theirs is open`,
    );
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
    context.stdout.write(summaryText({ manifest, merged, paths, mergeMs, report }));
  }
  return rejected > 0 ? EXIT_CODES.completeWithRejections : EXIT_CODES.complete;
}

const MISSING_HEADER = 'shard\tfile\tfirst_ordinal\trecords\n';

/**
 * What is there so far, as files of their own: RUN_DIR stays a run that can be finished. missing.tsv names the records
 * that are not among the rows; SHA256SUMS is for `sha256sum -c`.
 */
export async function mergePartially(job: Job, outcome: EmbedOutcome): Promise<ExitCode> {
  const { context, paths } = job;
  const { fileSystem } = context;
  const directory = paths.partialDirectory;
  await fileSystem.makeDirectory(directory);
  const merged = await merge(job, outcome, directory);
  const write = (name: string, text: string): Promise<void> =>
    writeFileAtomically(fileSystem, join(directory, name), Buffer.from(text));
  await write('missing.tsv', MISSING_HEADER + outcome.missing.map(missingLine(outcome)).join(''));
  await write('SHA256SUMS', merged.files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(''));
  const { rows, rejected } = merged;
  job.events.emit({ event: 'run-ended', status: 'stopped', rows, rejected });
  await job.closeRecords();
  const records = outcome.missing.reduce((sum, { recordCount }) => sum + recordCount, 0);
  context.stdout.write(
    job.settings.json
      ? `${JSON.stringify({ event: 'merged-partially', directory, rows, rejected, recordsMissing: records })}\n`
      : `partly merged: ${formatCount(rows)} rows in ${directory}; ${formatCount(records)} records of ` +
          `${formatCount(outcome.missing.length)} shards are missing, see missing.tsv. The run can still be finished.\n`,
  );
  return EXIT_CODES.stopped;
}

function missingLine({ files }: EmbedOutcome): (shard: Shard) => string {
  return ({ shardId, fileIndex, firstOrdinal, recordCount }) =>
    `${shardId}\t${files[fileIndex]?.displayPath ?? ''}\t${firstOrdinal}\t${recordCount}\n`;
}

function merge(job: Job, outcome: EmbedOutcome, outputDirectory: string): Promise<MergeResult> {
  const { manifest, paths, model, byteSettings } = job;
  const missing = new Set(outcome.missing);
  const options: MergeOptions = {
    fileSystem: job.context.fileSystem,
    shards: outcome.shards
      .filter((shard) => !missing.has(shard))
      .map((shard) => ({ shard, path: shardLogPath(paths.checkpointDirectory, shard.shardId) })),
    runId: manifest.runId,
    settingsHash: manifest.settingsHash,
    displayPaths: outcome.files.map(({ displayPath }) => displayPath),
    outputDirectory,
    embeddingDim: model.embeddingDim,
    dtype: byteSettings.dtype,
    packerVersion: byteSettings.packer,
    translated: translationOf(byteSettings) !== null,
    signal: job.stop.signal,
  };
  return mergeShardLogs(options, outcome.tracker.done.rows);
}
