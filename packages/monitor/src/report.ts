import { metricsDeltaSchema, rankSchema } from '@virnucpro/protocol';
import * as z from 'zod';

import { summariseMetrics, type RunMetricsSnapshot } from './run-metrics.ts';
import type { TimelinePoint } from './timeline.ts';
import type { GpuSummary } from './gpu-statistics.ts';
import { HostStatistics, type HostSummary } from './host-statistics.ts';
import { modelFlopsUtilization, type DevicePeak } from './model-flops.ts';
import { judgeRun } from './run-verdict.ts';
import { NO_METRICS } from './metrics-accumulator.ts';

/** Raised by one whenever a field of report.json changes its meaning or goes; new fields do not raise it. */
export const REPORT_VERSION = 1;

const countSchema = z.int().nonnegative();
const shareSchema = z.number().min(0).max(1).nullable();
const rateSchema = z.number().nonnegative();
const utilizationSchema = z.number().nonnegative().nullable();

const metricsSummarySchema = metricsDeltaSchema.extend({
  liveMs: z.number().nonnegative(),
  /** Of it, after the last pack. */
  tailMs: z.number().nonnegative(),
  tokenUtilization: shareSchema,
  paddingSavedShare: shareSchema,
  deviceBusyShare: shareSchema,
  starvedShare: shareSchema,
  tokensPerSecond: rateSchema,
  sequencesPerSecond: rateSchema,
});

export const reportStatusSchema = z.enum(['complete', 'complete-with-rejections', 'stopped', 'failed']);
/** How the run stands: the counterpart of the exit codes 0, 3, 75 and the others. */
export type ReportStatus = z.infer<typeof reportStatusSchema>;

/** What the output holds, over all attempts of the run. */
const totalsSchema = z.strictObject({
  /** Records in the input, as far as it was read. */
  records: countSchema,
  /** Rows in the output, or in the checkpoints so far. */
  rows: countSchema,
  rejected: countSchema,
  /** Of the rows; BOS and EOS included. */
  tokens: countSchema,
  shards: countSchema,
  shardsDone: countSchema,
  packs: countSchema,
  /** Packs found finished in checkpoints of earlier attempts. */
  packsReused: countSchema,
  /** Packs that were in flight when a worker of this attempt ended, and were computed again. */
  packsRecomputed: countSchema,
  /** Packs computed in parts for lack of memory: their rows may differ in the last digits from an undisturbed run's. */
  packsSplit: countSchema,
});

const modelSchema = z.strictObject({
  name: z.string().min(1),
  /** Made locally with random weights: its numbers mean nothing biologically. */
  demo: z.boolean(),
  parameters: countSchema.nullable(),
  embeddingDim: z.int().positive(),
  precision: z.string().min(1),
});

const workerSchema = metricsSummarySchema.extend({
  rank: rankSchema,
  /** As in the logs: `cpu`, `cuda:2`, a UUID. */
  device: z.string().min(1),
  deviceName: z.string().nullable(),
  restarts: countSchema,
  shards: countSchema,
  modelFlopsUtilization: utilizationSchema,
});

const restartSchema = z.strictObject({
  rank: rankSchema,
  /** Since the start of this attempt. */
  atMs: z.number().nonnegative(),
  /** Exit code or signal, and what the worker said. */
  reason: z.string().min(1),
});

const readingSchema = z.number().nullable();
const gpuSchema = z.strictObject({
  index: z.int().nonnegative(),
  uuid: z.string(),
  name: z.string(),
  samples: countSchema,
  averageUtilizationPercent: readingSchema,
  maxMemoryUsedMiB: readingSchema,
  maxTemperatureC: readingSchema,
  averagePowerW: readingSchema,
  course: z.array(
    z.strictObject({
      atMs: z.number().nonnegative(),
      utilizationPercent: readingSchema,
      memoryUsedMiB: readingSchema,
      temperatureC: readingSchema,
      powerW: readingSchema,
    }),
  ),
});

const hostSchema = z.strictObject({
  averageCpuPercent: readingSchema,
  maxMemoryUsedBytes: readingSchema,
  minDiskFreeBytes: readingSchema,
  course: z.array(
    z.strictObject({
      atMs: z.number().nonnegative(),
      cpuPercent: readingSchema,
      memoryUsedBytes: readingSchema,
      diskFreeBytes: readingSchema,
    }),
  ),
});

/** A node of a run that several shared, as its own report tells of it. */
const nodeSchema = z.strictObject({
  node: countSchema,
  status: reportStatusSchema,
  startedAt: z.iso.datetime(),
  elapsedMs: z.number().nonnegative(),
  workers: countSchema,
  tokens: countSchema,
  tokensPerSecond: rateSchema,
  deviceBusyShare: shareSchema,
  /** Its page, from the folder of the run. */
  page: z.string().min(1),
});

const packingSchema = z.strictObject({
  mode: z.enum(['packed', 'one-by-one']),
  /** Tokens per pack, BOS and EOS included. */
  tokenBudget: z.int().positive(),
  packerVersion: z.string().min(1),
  packs: countSchema,
  tokenUtilization: shareSchema,
  paddingSavedShare: shareSchema,
});

const throughputSchema = z.strictObject({
  /** Since the first worker of this attempt was ready. */
  tokensPerSecond: rateSchema,
  sequencesPerSecond: rateSchema,
  deviceBusyShare: shareSchema,
  starvedShare: shareSchema,
  /** Model FLOPs per second / the peak of the devices; null when a device is not in config/devices.yaml. */
  modelFlopsUtilization: utilizationSchema,
});

/**
 * The content of report.json. `totals` and `rejected` are about the output, over all attempts; `computed`, `workers`,
 * `packing`, `throughput` and `restarts` are about what this attempt measured.
 */
export const reportSchema = z.strictObject({
  reportVersion: z.literal(REPORT_VERSION),
  runId: z.string().min(1),
  status: reportStatusSchema,
  startedAt: z.iso.datetime(),
  /** Wall time of this attempt. */
  elapsedMs: z.number().nonnegative(),
  model: modelSchema,
  /** Of this program and of what it ran on. */
  versions: z.record(z.string(), z.string()),
  /** The resolved settings, as in the manifest. */
  settings: z.record(z.string(), z.json()),
  totals: totalsSchema,
  rejected: z.strictObject({ count: countSchema, byReason: z.record(z.string(), countSchema) }),
  computed: metricsSummarySchema,
  throughput: throughputSchema,
  packing: packingSchema,
  workers: z.array(workerSchema),
  restarts: z.array(restartSchema),
  /** What limits the run, in one sentence with one piece of advice. */
  verdict: z.strictObject({
    severity: z.enum(['none', 'mild', 'critical']),
    cause: z.enum(['input', 'checkpoint', 'tail', 'start-up', 'packing', 'device', 'unknown']),
    sentence: z.string().min(1),
  }),
  /** How this attempt went on: tokens and busy time so far, by rank. */
  timeline: z.array(
    z.strictObject({
      atMs: z.number().nonnegative(),
      tokens: z.array(z.number().nonnegative()),
      busyMs: z.array(z.number().nonnegative()),
      waitMs: z.array(z.number().nonnegative()),
      ready: z.array(z.boolean()),
    }),
  ),
  /** The GPUs of this machine as the driver saw them during this attempt; empty without GPUs. */
  gpus: z.array(gpuSchema),
  /** The machine during this attempt. */
  host: hostSchema,
  /** Where several nodes shared the run and this is the report of the merge; empty elsewhere. */
  nodes: z.array(nodeSchema).default([]),
  /** What a reader must know before using the numbers. */
  notices: z.array(z.string().min(1)),
});
export type Report = z.infer<typeof reportSchema>;

/** A worker as the parent knows it; its measurements come from the metrics. */
export type ReportWorker = Pick<Report['workers'][number], 'rank' | 'device' | 'deviceName' | 'shards'>;

/** What the run knows of itself when it ends. */
export interface ReportInput extends Pick<
  Report,
  'runId' | 'status' | 'startedAt' | 'elapsedMs' | 'model' | 'versions' | 'settings' | 'totals' | 'restarts'
> {
  readonly metrics: RunMetricsSnapshot;
  readonly workers: readonly ReportWorker[];
  readonly packing: Pick<Report['packing'], 'mode' | 'tokenBudget' | 'packerVersion'>;
  /** Rejected records by reason; they add up to `totals.rejected`. */
  readonly rejectedByReason: Readonly<Record<string, number>>;
  readonly notices?: readonly string[];
  /** Of the GPUs that this run uses. */
  readonly gpus?: readonly GpuSummary[];
  readonly host?: HostSummary;
  readonly timeline?: readonly TimelinePoint[];
  /** To tell which share of it was reached. */
  readonly devicePeaks?: readonly DevicePeak[];
}

/** The notice that every output of the demo model carries. */
export const DEMO_MODEL_NOTICE =
  'The demo model has random weights: these embeddings mean nothing biologically. Use --model DIR for real ones.';

/**
 * Builds the content of report.json. Pure: the same facts give the same report.
 *
 * @throws {z.ZodError} a fact does not fit the schema (a negative count, NaN): a bug of the caller
 */
export function buildReport(input: ReportInput): Report {
  const {
    metrics,
    rejectedByReason,
    workers,
    packing,
    notices = [],
    gpus = [],
    timeline = [],
    devicePeaks = [],
    host = new HostStatistics().summary(),
    ...facts
  } = input;
  const { total } = metrics;
  const { packs, tokenUtilization, paddingSavedShare } = total;
  const { tokensPerSecond, sequencesPerSecond, deviceBusyShare, starvedShare } = total;
  const reported = workers.map((worker) => reportWorker(worker, input, devicePeaks));
  return reportSchema.parse({
    reportVersion: REPORT_VERSION,
    ...facts,
    rejected: { count: facts.totals.rejected, byReason: rejectedByReason },
    computed: total,
    throughput: {
      ...{ tokensPerSecond, sequencesPerSecond, deviceBusyShare, starvedShare },
      modelFlopsUtilization: meanOf(reported.map((worker) => worker.modelFlopsUtilization)),
    },
    packing: { ...packing, packs, tokenUtilization, paddingSavedShare },
    workers: reported,
    verdict: judgeRun({
      ...{ packs, deviceBusyShare, tokenUtilization },
      waitShare: shareOf(total.waitMs, total.liveMs),
      writeWaitShare: shareOf(total.writeWaitMs, total.liveMs),
      tailShare: shareOf(total.tailMs, total.liveMs),
      gpuUtilizationPercent: meanUtilization(gpus),
    }),
    timeline: [...timeline],
    gpus: [...gpus],
    host,
    nodes: [],
    notices: facts.model.demo ? [DEMO_MODEL_NOTICE, ...notices] : [...notices],
  });
}

function shareOf(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

function meanUtilization(gpus: readonly GpuSummary[]): number | null {
  const known = gpus.flatMap(({ averageUtilizationPercent: percent }) => (percent === null ? [] : [percent]));
  return known.length === 0 ? null : known.reduce((sum, percent) => sum + percent, 0) / known.length;
}

/** Null when one of them is not known. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || known.length < values.length) return null;
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

function reportWorker(
  worker: ReportWorker,
  { metrics, restarts, model }: ReportInput,
  peaks: readonly DevicePeak[],
): Report['workers'][number] {
  const measured =
    metrics.workers.find(({ rank }) => rank === worker.rank) ??
    summariseMetrics(NO_METRICS, { liveMs: 0, tailMs: 0, wallMs: 0 });
  const { parameters, precision } = model;
  const { tokensPerSecond } = measured;
  return {
    ...measured,
    ...worker,
    restarts: restarts.filter(({ rank }) => rank === worker.rank).length,
    modelFlopsUtilization:
      parameters === null || worker.deviceName === null
        ? null
        : modelFlopsUtilization(worker.deviceName, { tokensPerSecond, parameters, precision }, peaks),
  };
}
