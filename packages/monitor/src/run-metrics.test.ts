import { expect, test } from '@jest/globals';
import { metricsDeltaSchema, toRank } from '@virnucpro/protocol';
import fc from 'fast-check';

import { addMetrics, MetricsAccumulator, NO_METRICS, type BatchMeasurement } from './metrics-accumulator.ts';
import { RunMetrics } from './run-metrics.ts';

const batchOf = (overrides: Partial<BatchMeasurement> = {}): BatchMeasurement => ({
  sequences: 4,
  tokens: 900,
  maxSequenceLength: 300,
  tokenBudget: 1000,
  waitMs: 10,
  busyMs: 90,
  ...overrides,
});

const deltaOf = (...batches: BatchMeasurement[]) => {
  const accumulator = new MetricsAccumulator();
  batches.forEach((batch) => accumulator.add(batch));
  return accumulator.takeDelta();
};

const arbitraryBatch = fc
  .record({ sequences: fc.integer({ min: 1, max: 50 }), length: fc.integer({ min: 3, max: 1200 }) })
  .chain(({ sequences, length }) =>
    fc.record({
      sequences: fc.constant(sequences),
      tokens: fc.constant(sequences * length),
      maxSequenceLength: fc.integer({ min: length, max: 1300 }),
      tokenBudget: fc.constant(1024),
      waitMs: fc.integer({ min: 0, max: 200 }),
      busyMs: fc.integer({ min: 0, max: 500 }),
    }),
  );

test('a delta holds the packs since the last one, and fits the protocol', () => {
  const accumulator = new MetricsAccumulator();
  accumulator.add(batchOf());
  accumulator.add(batchOf({ waitMs: 60 }));
  accumulator.addWriteWait(40);
  const delta = accumulator.takeDelta();
  expect(metricsDeltaSchema.parse(delta)).toEqual({
    packs: 2,
    sequences: 8,
    tokens: 1800,
    copiedSequences: 0,
    copiedTokens: 0,
    paddedTokens: 2400,
    budgetTokens: 2000,
    waitMs: 70,
    busyMs: 180,
    writeWaitMs: 40,
    starvedPacks: 1,
    // 10 ms and 60 ms; both 90 % full; no lengths were given.
    waitCounts: [0, 0, 1, 1, 0, 0],
    fillCounts: [0, 0, 0, 0, 0, 0, 2, 0, 0, 0],
    lengthCounts: new Array(11).fill(0),
  });
  expect(accumulator.takeDelta()).toEqual(NO_METRICS);
});

test('a sequence over the budget, alone, fills its pack', () => {
  const delta = deltaOf(batchOf({ sequences: 1, tokens: 5000, maxSequenceLength: 5000 }));
  expect(delta.budgetTokens).toBe(5000);
});

test('however packs are split over workers and messages, all sums add up to those of the packs', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ rank: fc.nat(3), send: fc.boolean(), batch: arbitraryBatch }), { maxLength: 60 }),
      (steps) => {
        const metrics = new RunMetrics(() => 0);
        const accumulators = Array.from({ length: 4 }, () => new MetricsAccumulator());
        const send = (rank: number) => metrics.addDelta(toRank(rank), accumulators[rank]!.takeDelta());
        for (const step of steps) {
          accumulators[step.rank]!.add(step.batch);
          if (step.send) send(step.rank);
        }
        accumulators.forEach((_, rank) => send(rank));
        const expected = deltaOf(...steps.map(({ batch }) => batch));
        const { total, workers } = metrics.snapshot();
        expect(total).toMatchObject(expected);
        expect(workers.reduce(addMetrics, NO_METRICS)).toEqual(expected);
        expect(total.liveMs).toBe(workers.reduce((sum, { liveMs }) => sum + liveMs, 0));
      },
    ),
  );
});

test('every share is between 0 and 1 or missing', () => {
  fc.assert(
    fc.property(fc.array(arbitraryBatch, { maxLength: 20 }), fc.nat(5000), (batches, liveMs) => {
      let nowMs = 0;
      const metrics = new RunMetrics(() => nowMs);
      metrics.workerReady(toRank(0));
      nowMs = liveMs;
      metrics.addDelta(toRank(0), deltaOf(...batches));
      const { tokenUtilization, paddingSavedShare, deviceBusyShare, starvedShare } = metrics.snapshot().total;
      for (const share of [tokenUtilization, paddingSavedShare, deviceBusyShare, starvedShare]) {
        expect(share === null || (share >= 0 && share <= 1)).toBe(true);
      }
    }),
  );
});

test('shares and rates follow from the sums and the time live', () => {
  let nowMs = 5000;
  const metrics = new RunMetrics(() => nowMs);
  metrics.workerReady(toRank(0));
  metrics.workerReady(toRank(1));
  nowMs += 200;
  metrics.addDelta(toRank(0), deltaOf(batchOf(), batchOf({ waitMs: 60, busyMs: 90 })));
  metrics.addDelta(toRank(1), deltaOf(batchOf()));
  const { total, workers } = metrics.snapshot();
  expect(workers[0]).toMatchObject({ rank: 0, liveMs: 200, deviceBusyShare: 0.9, starvedShare: 0.5 });
  expect(workers[0]).toMatchObject({ tokensPerSecond: 9000, sequencesPerSecond: 40 });
  expect(total).toMatchObject({ liveMs: 400, deviceBusyShare: 270 / 400, tokenUtilization: 0.9 });
  expect(total).toMatchObject({ paddingSavedShare: 0.25, tokensPerSecond: 13_500 });
});

test('the time between a crash and the respawn is not live, and the sums survive it', () => {
  let nowMs = 0;
  const metrics = new RunMetrics(() => nowMs);
  const rank = toRank(2);
  metrics.workerReady(rank);
  nowMs = 100;
  metrics.addDelta(rank, deltaOf(batchOf()));
  metrics.workerEnded(rank);
  metrics.workerEnded(rank);
  nowMs = 1100;
  metrics.workerReady(rank);
  nowMs = 1150;
  metrics.addDelta(rank, deltaOf(batchOf()));
  expect(metrics.snapshot().workers).toEqual([
    expect.objectContaining({ rank, liveMs: 150, packs: 2, busyMs: 180 }),
  ]);
});

test('a message that comes after the worker has ended counts, but does not revive it', () => {
  let nowMs = 0;
  const metrics = new RunMetrics(() => nowMs);
  metrics.workerReady(toRank(0));
  nowMs = 100;
  metrics.workerEnded(toRank(0));
  metrics.addDelta(toRank(0), deltaOf(batchOf()));
  nowMs = 10_000;
  expect(metrics.snapshot().total).toMatchObject({ liveMs: 100, packs: 1 });
});

test('a worker that was never announced counts as live since what it tells of', () => {
  const metrics = new RunMetrics(() => 1000);
  metrics.addDelta(toRank(0), deltaOf(batchOf()));
  expect(metrics.snapshot().total).toMatchObject({ liveMs: 100, deviceBusyShare: 0.9 });
});

test('no workers give zeros and no shares', () => {
  const { total, workers } = new RunMetrics(() => 7).snapshot();
  expect(workers).toEqual([]);
  expect(total).toMatchObject({
    ...NO_METRICS,
    tokensPerSecond: 0,
    deviceBusyShare: null,
    tokenUtilization: null,
  });
});
