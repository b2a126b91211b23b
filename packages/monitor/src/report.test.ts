import { expect, test } from '@jest/globals';
import { toRank } from '@virnucpro/protocol';

import { MetricsAccumulator } from './metrics-accumulator.ts';
import { buildReport, DEMO_MODEL_NOTICE, reportSchema, type ReportInput } from './report.ts';
import { RunMetrics } from './run-metrics.ts';

function reportInput(): ReportInput {
  let nowMs = 0;
  const metrics = new RunMetrics(() => nowMs);
  metrics.workerReady(toRank(0));
  const accumulator = new MetricsAccumulator();
  accumulator.add({
    sequences: 4,
    tokens: 900,
    maxSequenceLength: 300,
    tokenBudget: 1000,
    waitMs: 10,
    busyMs: 90,
  });
  metrics.addDelta(toRank(0), accumulator.takeDelta());
  nowMs = 100;
  return {
    runId: 'run-1',
    status: 'complete-with-rejections',
    startedAt: '2026-01-02T03:04:05.678Z',
    elapsedMs: 150,
    model: { name: 'demo', demo: true, parameters: 7_512_474, embeddingDim: 320, precision: 'fp32' },
    versions: { node: 'v20.20.2' },
    settings: { tokenBudget: 1000, pooling: 'mean', inputs: ['a.faa'] },
    totals: {
      records: 7,
      rows: 6,
      rejected: 1,
      tokens: 1300,
      shards: 1,
      shardsDone: 1,
      packs: 2,
      packsReused: 1,
      packsRecomputed: 0,
      packsSplit: 0,
    },
    restarts: [{ rank: toRank(1), atMs: 40, reason: 'killed by SIGKILL' }],
    metrics: metrics.snapshot(),
    workers: [
      { rank: toRank(0), device: 'cpu', deviceName: 'CPU', shards: 1 },
      { rank: toRank(1), device: 'cpu', deviceName: null, shards: 0 },
    ],
    packing: { mode: 'packed', tokenBudget: 1000, packerVersion: 'bfd-1' },
    rejectedByReason: { 'bad-character': 1 },
    notices: ['resumed'],
  };
}

test('the report holds what the output is and what this attempt measured, per worker and in total', () => {
  const report = buildReport(reportInput());
  expect(report).toMatchObject({
    reportVersion: 1,
    status: 'complete-with-rejections',
    totals: { rows: 6, tokens: 1300 },
    rejected: { count: 1, byReason: { 'bad-character': 1 } },
    computed: { packs: 1, tokens: 900, liveMs: 100 },
    throughput: { tokensPerSecond: 9000, deviceBusyShare: 0.9, starvedShare: 0 },
    packing: { mode: 'packed', packs: 1, tokenUtilization: 0.9, paddingSavedShare: 0.25 },
    workers: [
      { rank: 0, device: 'cpu', tokens: 900, restarts: 0, shards: 1 },
      { rank: 1, deviceName: null, tokens: 0, restarts: 1, deviceBusyShare: null },
    ],
  });
});

test('a demo model is named first among the notices', () => {
  expect(buildReport(reportInput()).notices).toEqual([DEMO_MODEL_NOTICE, 'resumed']);
  const input = reportInput();
  const { notices } = buildReport({ ...input, model: { ...input.model, demo: false } });
  expect(notices).toEqual(['resumed']);
});

test('what is written as JSON reads back as the same report', () => {
  const report = buildReport(reportInput());
  expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
});

test('a number that JSON would ruin is refused', () => {
  expect(() => buildReport({ ...reportInput(), elapsedMs: Number.NaN })).toThrow(/elapsedMs/);
});
