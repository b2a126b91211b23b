import { expect, test } from '@jest/globals';
import { toRank } from '@virnucpro/protocol';

import { combineReports } from './combine-reports.ts';
import { MetricsAccumulator } from './metrics-accumulator.ts';
import { buildReport, reportSchema, type Report } from './report.ts';
import { RunMetrics } from './run-metrics.ts';

interface Measured {
  readonly workers: number;
  readonly packs: number;
  readonly busyMs: number;
  readonly waitMs: number;
  readonly startedAt: string;
}

function reportOf({ workers, packs, busyMs, waitMs, startedAt }: Measured): Report {
  let nowMs = 0;
  const metrics = new RunMetrics(() => nowMs);
  for (let rank = 0; rank < workers; rank += 1) metrics.workerReady(toRank(rank));
  nowMs = packs * (busyMs + waitMs);
  for (let rank = 0; rank < workers; rank += 1) {
    const accumulator = new MetricsAccumulator();
    for (let pack = 0; pack < packs; pack += 1) {
      accumulator.add({
        sequences: 10,
        tokens: 900,
        maxSequenceLength: 100,
        tokenBudget: 1000,
        waitMs,
        busyMs,
      });
    }
    metrics.addDelta(toRank(rank), accumulator.takeDelta());
  }
  const rows = workers * packs * 10;
  return buildReport({
    ...{ runId: 'run-1', status: 'complete', startedAt, elapsedMs: nowMs, settings: {}, versions: {} },
    model: { name: 'tiny', demo: false, parameters: 1000, embeddingDim: 32, precision: 'fp32' },
    totals: {
      ...{ records: rows, rows, rejected: 0, tokens: workers * packs * 900, shards: 1, shardsDone: 1 },
      ...{ packs: workers * packs, packsReused: 2 * workers, packsRecomputed: workers, packsSplit: 0 },
    },
    restarts: workers > 1 ? [{ rank: toRank(1), atMs: 5, reason: 'killed by SIGKILL' }] : [],
    metrics: metrics.snapshot(),
    workers: Array.from({ length: workers }, (_, rank) => ({
      ...{ rank: toRank(rank), device: 'cpu', deviceName: rank === 0 ? 'CPU' : null, shards: 1 },
    })),
    packing: { mode: 'packed', tokenBudget: 1000, packerVersion: 'bfd-1' },
    rejectedByReason: {},
  });
}

const merged = reportOf({
  workers: 0,
  packs: 0,
  busyMs: 0,
  waitMs: 0,
  startedAt: '2026-01-02T05:00:00.000Z',
});
const one = reportOf({
  workers: 1,
  packs: 40,
  busyMs: 90,
  waitMs: 10,
  startedAt: '2026-01-02T04:00:00.000Z',
});
const two = reportOf({
  workers: 2,
  packs: 40,
  busyMs: 50,
  waitMs: 50,
  startedAt: '2026-01-02T03:00:00.000Z',
});
const nodes = [
  { node: 0, report: one, page: 'nodes/node-0/report.html' },
  { node: 3, report: two, page: 'nodes/node-3/report.html' },
];

test('what several nodes measured adds up: rates, times, troubles', () => {
  const report = combineReports(merged, nodes);
  expect(report.computed).toMatchObject({
    packs: 120,
    tokens: 108_000,
    busyMs: 7_600,
    waitMs: 4_400,
    liveMs: 12_000,
  });
  expect(report.throughput.tokensPerSecond).toBeCloseTo(9_000 + 18_000);
  expect(report.throughput.deviceBusyShare).toBeCloseTo(7_600 / 12_000);
  expect(report).toMatchObject({
    startedAt: '2026-01-02T03:00:00.000Z',
    elapsedMs: 4_000,
    totals: { packsReused: 6, packsRecomputed: 3 },
    packing: { packs: 120, tokenUtilization: 0.9 },
    verdict: { severity: 'mild', cause: 'input' },
  });
});

test('workers are numbered over all nodes, and say where they are', () => {
  const { workers, restarts, nodes: listed } = combineReports(merged, nodes);
  expect(workers.map(({ rank, device, deviceName }) => [rank, device, deviceName])).toEqual([
    [0, 'node 0: cpu', 'node 0: CPU'],
    [1, 'node 3: cpu', 'node 3: CPU'],
    [2, 'node 3: cpu', null],
  ]);
  expect(restarts).toEqual([{ rank: 2, atMs: 5, reason: 'node 3: killed by SIGKILL' }]);
  expect(listed).toMatchObject([
    { node: 0, workers: 1, page: 'nodes/node-0/report.html' },
    { node: 3, workers: 2, tokens: 72_000 },
  ]);
});

test('it is a report like any other, and without nodes the merge’s own', () => {
  expect(reportSchema.parse(combineReports(merged, nodes))).toEqual(combineReports(merged, nodes));
  expect(combineReports(merged, [])).toBe(merged);
});
