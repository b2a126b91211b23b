import { writeFileAtomically } from '@virnucpro/checkpoint';
import {
  buildReport,
  combineReports,
  renderReportPage,
  type PageOutput,
  type Report,
  type ReportStatus,
} from '@virnucpro/monitor';

import { readDevicePeaks } from '../config/device-peaks.ts';
import type { EmbedOutcome } from './embed.ts';
import { sampledName } from './gpu-sampling.ts';
import type { Job } from './job.ts';
import { readNodeReports } from './node-reports.ts';
import { versionsOf } from './versions.ts';

export interface ReportedEnd {
  readonly status: ReportStatus;
  readonly rows: number;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
}

/** Writes report.json and report.html: at the end, and at every stop. */
export async function writeReport(
  job: Job,
  outcome: EmbedOutcome,
  end: ReportedEnd,
  outputs: readonly PageOutput[] = [],
): Promise<Report> {
  const { manifest, byteSettings, model } = job;
  const { tracker } = outcome;
  const own = buildReport({
    runId: manifest.runId,
    status: end.status,
    startedAt: tracker.startedAt.toISOString(),
    elapsedMs: tracker.elapsedMs,
    model: {
      name: model.name,
      demo: model.isDemo,
      parameters: model.parameterCount,
      embeddingDim: model.embeddingDim,
      precision: byteSettings.precision,
    },
    settings: manifest.settings,
    versions: versionsOf(job.context.toolVersion),
    totals: totalsOf(outcome, end),
    metrics: tracker.metrics.snapshot(),
    workers: tracker.workers.map(({ rank, label, deviceName, shards }) => ({
      ...{ rank, device: label, shards },
      // The runtime does not know the GPU's name; the driver does.
      deviceName: gpuNameOf(job, outcome, rank) ?? deviceName,
    })),
    packing: {
      mode: byteSettings.packing,
      tokenBudget: byteSettings.tokenBudget,
      packerVersion: byteSettings.packer,
    },
    restarts: tracker.restarts,
    rejectedByReason: end.rejectedByReason,
    gpus: tracker.gpus.summary(),
    host: tracker.host.summary(),
    timeline: tracker.timeline.points,
    devicePeaks: await readDevicePeaks(),
  });
  const report = combineReports(own, await readNodeReports(job));
  await write(job, job.paths.reportJson, () => `${JSON.stringify(report, null, 2)}\n`);
  await write(job, job.paths.reportHtml, () => renderReportPage(report, outputs));
  return report;
}

/** A report that cannot be written is said, and is not worth the results. */
async function write(
  { context, log }: Job,
  path: string,
  render: () => string | Promise<string>,
): Promise<void> {
  try {
    await writeFileAtomically(context.fileSystem, path, Buffer.from(await render()));
  } catch (error) {
    log.warn(`${path} could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function gpuNameOf({ devices }: Job, { tracker }: EmbedOutcome, rank: number): string | null {
  const device = devices.devices[rank];
  return device?.provider === 'cuda' ? (tracker.gpus.latest(sampledName(device))?.name ?? null) : null;
}

function totalsOf({ tracker }: EmbedOutcome, { rows, rejected }: ReportedEnd): Report['totals'] {
  const { reused, done } = tracker;
  return {
    records: tracker.recordsScanned,
    rows,
    rejected,
    tokens: done.tokens,
    shards: tracker.shardsScanned,
    shardsDone: done.shards,
    packs: done.packs,
    packsReused: reused.packs,
    packsRecomputed: tracker.packsRecomputed,
    packsSplit: tracker.packsSplit,
  };
}
