import { toRank, type MetricsDelta } from '@virnucpro/protocol';

import { addMetrics, NO_METRICS } from './metrics-accumulator.ts';
import type { Report } from './report.ts';
import { summariseMetrics, type MetricsSummary } from './run-metrics.ts';
import { judgeRun } from './run-verdict.ts';

/** The report of one node of a run that several shared. */
export interface NodeReport {
  readonly node: number;
  readonly report: Report;
  /** Of its page, from the folder of the run. */
  readonly page: string;
}

/**
 * One report of what all nodes measured: their workers one after the other, sums over all of them, and rates added up,
 * because nodes work at the same time. Courses over time stay in the nodes' own reports. Pure.
 *
 * @param merged what the merge found: rows, rejections, settings
 */
export function combineReports(merged: Report, nodes: readonly NodeReport[]): Report {
  if (nodes.length === 0) return merged;
  const reports = nodes.map(({ report }) => report);
  const computed = sumOf(reports);
  const { packs, tokenUtilization, paddingSavedShare } = computed;
  const { tokensPerSecond, sequencesPerSecond, deviceBusyShare, starvedShare } = computed;
  return {
    ...merged,
    startedAt: reports.map(({ startedAt }) => startedAt).sort()[0] ?? merged.startedAt,
    elapsedMs: Math.max(...reports.map(({ elapsedMs }) => elapsedMs)),
    totals: { ...merged.totals, ...historyOf(reports) },
    computed,
    throughput: {
      ...{ tokensPerSecond, sequencesPerSecond, deviceBusyShare, starvedShare },
      modelFlopsUtilization: utilizationOf(reports),
    },
    packing: { ...merged.packing, packs, tokenUtilization, paddingSavedShare },
    ...listsOf(nodes),
    verdict: judgeRun({
      ...{ packs, deviceBusyShare, tokenUtilization },
      waitShare: computed.waitMs / Math.max(1, computed.liveMs),
      writeWaitShare: computed.writeWaitMs / Math.max(1, computed.liveMs),
      tailShare: computed.tailMs / Math.max(1, computed.liveMs),
      gpuUtilizationPercent: mean(
        reports.flatMap(({ gpus }) => gpus.map((gpu) => gpu.averageUtilizationPercent)),
      ),
    }),
    nodes: nodes.map(({ node, report, page }) => ({
      node,
      ...{ status: report.status, startedAt: report.startedAt, elapsedMs: report.elapsedMs, page },
      ...{ workers: report.workers.length, tokens: report.computed.tokens },
      tokensPerSecond: report.throughput.tokensPerSecond,
      deviceBusyShare: report.throughput.deviceBusyShare,
    })),
  };
}

function sumOf(reports: readonly Report[]): MetricsSummary {
  const all = reports.map(({ computed }) => computed);
  const total = (read: (one: MetricsSummary) => number): number =>
    all.reduce((sum, one) => sum + read(one), 0);
  const spans = { liveMs: total(({ liveMs }) => liveMs), tailMs: total(({ tailMs }) => tailMs), wallMs: 0 };
  return {
    ...summariseMetrics(all.reduce<MetricsDelta>(addMetrics, NO_METRICS), spans),
    tokensPerSecond: total(({ tokensPerSecond }) => tokensPerSecond),
    sequencesPerSecond: total(({ sequencesPerSecond }) => sequencesPerSecond),
  };
}

/** Workers get ranks over all nodes; what is told of one says its node. */
function listsOf(nodes: readonly NodeReport[]): Pick<Report, 'workers' | 'restarts' | 'gpus'> {
  let firstRank = 0;
  const lists: Pick<Report, 'workers' | 'restarts' | 'gpus'> = { workers: [], restarts: [], gpus: [] };
  for (const { node, report } of nodes) {
    const rankOf = (rank: number) => toRank(firstRank + rank);
    for (const worker of report.workers) {
      const deviceName = worker.deviceName === null ? null : `node ${node}: ${worker.deviceName}`;
      lists.workers.push({
        ...worker,
        ...{ rank: rankOf(worker.rank), device: `node ${node}: ${worker.device}`, deviceName },
      });
    }
    for (const restart of report.restarts)
      lists.restarts.push({
        ...restart,
        rank: rankOf(restart.rank),
        reason: `node ${node}: ${restart.reason}`,
      });
    for (const gpu of report.gpus) lists.gpus.push({ ...gpu, name: `node ${node}: ${gpu.name}` });
    firstRank += report.workers.length;
  }
  return lists;
}

/** To the merge all packs are from before; what counts is what the nodes found so. */
function historyOf(
  reports: readonly Report[],
): Pick<Report['totals'], 'packsReused' | 'packsRecomputed' | 'packsSplit'> {
  return {
    packsReused: reports.reduce((sum, { totals }) => sum + totals.packsReused, 0),
    packsRecomputed: reports.reduce((sum, { totals }) => sum + totals.packsRecomputed, 0),
    packsSplit: reports.reduce((sum, { totals }) => sum + totals.packsSplit, 0),
  };
}

/** Of all devices alike; null when one node's is not known. */
function utilizationOf(reports: readonly Report[]): number | null {
  const devices = reports.flatMap(({ workers }) => workers.map((worker) => worker.modelFlopsUtilization));
  return devices.includes(null) ? null : mean(devices);
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
