import { describe, expect, test } from '@jest/globals';

import { GpuMonitor, type DataLoaderWait } from './gpu-monitor.ts';

function startMonitor() {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => lines.push(`${level} ${message}`);
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const clock = { ms: 1000 };
  const monitor = new GpuMonitor({ nowMs: () => clock.ms, logger });
  return { monitor, lines, clock };
}

const waitOf = (overrides: Partial<DataLoaderWait> = {}): DataLoaderWait => ({
  waitTimeMs: 2,
  batchIndex: 0,
  sequencesInBatch: 10,
  tokensInBatch: 990,
  maxSequenceLength: 150,
  packingEfficiency: 0.99,
  ...overrides,
});

const linesOf = (lines: readonly string[], level: string) => lines.filter((line) => line.startsWith(level));

describe('recording batches', () => {
  test('a batch is recorded with the inferred queue state beside the real depth', () => {
    const { monitor } = startMonitor();
    expect(monitor.recordDataLoaderWait(waitOf({ waitTimeMs: 80, queueDepth: 3, batchIndex: 7 }))).toEqual({
      timestamp: 1000,
      waitTimeMs: 80,
      batchIndex: 7,
      sequencesInBatch: 10,
      tokensInBatch: 990,
      averageSequenceLength: 99,
      maxSequenceLength: 150,
      packingEfficiency: 0.99,
      queueState: 'starved',
      queueDepth: 3,
    });
  });

  test('there is a line every 10 batches and a summary with tokens per second every 100', () => {
    const { monitor, lines, clock } = startMonitor();
    monitor.startInferenceTimer();
    for (let batchIndex = 0; batchIndex < 200; batchIndex += 1) {
      clock.ms += 10;
      monitor.recordDataLoaderWait(waitOf({ batchIndex }));
    }
    expect(linesOf(lines, 'debug')).toHaveLength(20);
    expect(linesOf(lines, 'debug')[0]).toBe(
      'debug Batch 9: waited 2.0 ms, 10 sequences, 990 tokens, queue normal',
    );
    expect(linesOf(lines, 'info')).toEqual([
      'info Batches 1 to 100: average efficiency 99.0 %, 99000 tokens/s',
      'info Batches 101 to 200: average efficiency 99.0 %, 99000 tokens/s',
    ]);
  });
});

describe('packing efficiency', () => {
  test('a full pack under 85 % is a warning and one under 80 % an error', () => {
    const { monitor, lines } = startMonitor();
    monitor.recordDataLoaderWait(waitOf({ packingEfficiency: 0.85 }));
    expect(lines).toEqual([]);
    monitor.recordDataLoaderWait(waitOf({ packingEfficiency: 0.84 }));
    monitor.recordDataLoaderWait(waitOf({ packingEfficiency: 0.5, batchIndex: 2 }));
    expect(lines).toEqual([
      expect.stringMatching(/^warn .*84\.0 %.*under 85 %/),
      expect.stringMatching(/^error .*50\.0 % in batch 2 is under 80 %: packing may be broken/),
    ]);
  });

  test('the last pack of a shard is not judged', () => {
    const { monitor, lines } = startMonitor();
    monitor.recordDataLoaderWait(waitOf({ packingEfficiency: 0.1, isLastOfShard: true }));
    expect(lines).toEqual([]);
    expect(monitor.getDataLoaderStatistics()).toMatchObject({
      packingEfficiency: 0.1,
      averagePackingEfficiency: 0.1,
      minPackingEfficiency: null,
      batchesBelowThreshold: 0,
    });
  });

  test('sequences that are long for the budget get the advice to raise it', () => {
    const { monitor, lines } = startMonitor();
    monitor.recordDataLoaderWait(waitOf({ packingEfficiency: 0.6, tokensInBatch: 600, sequencesInBatch: 1 }));
    expect(lines).toEqual([
      expect.stringMatching(/600 tokens are long for a budget of 1000; raise --token-budget/),
    ]);
  });

  test('many bad packs give few lines, which say how many there were', () => {
    const { monitor, lines } = startMonitor();
    for (let batchIndex = 0; batchIndex < 250; batchIndex += 1) {
      monitor.recordDataLoaderWait(waitOf({ packingEfficiency: 0.5, batchIndex }));
    }
    const errors = linesOf(lines, 'error');
    expect(errors).toHaveLength(3);
    expect(errors[1]).toMatch(/and 100 packs before it/);
  });
});

describe('loader statistics', () => {
  test('there are none before the first batch', () => {
    expect(startMonitor().monitor.getDataLoaderStatistics()).toEqual({});
  });

  test('waits, states, lengths, efficiency and totals are those of the batches', () => {
    const { monitor } = startMonitor();
    [0.5, 10, 100].forEach((waitTimeMs) => monitor.recordDataLoaderWait(waitOf({ waitTimeMs })));
    monitor.recordDataLoaderWait(
      waitOf({
        waitTimeMs: 0.5,
        tokensInBatch: 500,
        sequencesInBatch: 2,
        maxSequenceLength: 250,
        packingEfficiency: 0.5,
      }),
    );
    const statistics = monitor.getDataLoaderStatistics();
    expect(statistics).toMatchObject({
      averageWaitTimeMs: 27.75,
      maxWaitTimeMs: 100,
      minWaitTimeMs: 0.5,
      queueStateDistribution: { full: 2, normal: 1, starved: 1, unknown: 0 },
      percentStarved: 25,
      averageSequenceLength: 3470 / 32,
      averageMaxLength: 175,
      packingEfficiency: 3470 / 4000,
      minPackingEfficiency: 0.5,
      batchesBelowThreshold: 1,
      totalBatches: 4,
      totalSequences: 32,
      totalTokens: 3470,
    });
    expect(statistics.averagePackingEfficiency).toBeCloseTo((3 * 0.99 + 0.5) / 4, 12);
    expect(statistics.p95WaitTimeMs).toBeCloseTo(100, 1);
  });

  test('without packing there is no efficiency', () => {
    const { monitor } = startMonitor();
    const { packingEfficiency, ...unpacked } = waitOf();
    expect(packingEfficiency).toBeDefined();
    monitor.recordDataLoaderWait(unpacked);
    expect(monitor.getDataLoaderStatistics()).toMatchObject({
      packingEfficiency: null,
      averagePackingEfficiency: null,
      minPackingEfficiency: null,
    });
  });
});

describe('bottleneck', () => {
  function judge(...utilization: number[]) {
    const { monitor, lines } = startMonitor();
    utilization.forEach((percent) => monitor.recordUtilization(percent));
    return { verdict: monitor.checkBottleneck(4), monitor, lines };
  }

  test('too few samples give no verdict, and missing readings are no samples', () => {
    const { verdict, lines } = judge(10, 10, Number.NaN, 10);
    expect(verdict).toEqual({ isBottleneck: false, severity: 'none', averageUtilization: 0 });
    expect(lines).toEqual([]);
  });

  test.each([
    [49, 'critical', true],
    [50, 'mild', true],
    [79, 'mild', true],
    [80, 'none', false],
  ])('%d percent is %s', (percent, severity, isBottleneck) => {
    expect(judge(percent, percent, percent, percent).verdict).toEqual({
      isBottleneck,
      severity,
      averageUtilization: percent,
    });
  });

  test('only the recent samples count', () => {
    expect(judge(0, 0, 0, 0, 90, 90, 90, 90).verdict).toMatchObject({
      severity: 'none',
      averageUtilization: 90,
    });
  });

  test('a verdict is logged when it changes, not at every check', () => {
    const { monitor, lines } = judge(20, 20, 20, 20);
    monitor.checkBottleneck(4);
    [95, 95, 95, 95].forEach((percent) => monitor.recordUtilization(percent));
    monitor.checkBottleneck(4);
    expect(lines).toEqual([
      expect.stringMatching(/^warn Critical bottleneck: .*20\.0 %/),
      expect.stringMatching(/^info No bottleneck any more: .*95\.0 %/),
    ]);
  });
});

describe('throughput', () => {
  test('all is zero before the timer is started', () => {
    const { monitor, clock } = startMonitor();
    monitor.recordDataLoaderWait(waitOf());
    clock.ms += 1000;
    expect(monitor.getThroughput()).toEqual({
      sequencesPerSecond: 0,
      tokensPerSecond: 0,
      elapsedSeconds: 0,
      totalSequences: 0,
      totalTokens: 0,
    });
  });

  test('rates are taken from the start of the timer, and the statistics hold everything', () => {
    const { monitor, clock } = startMonitor();
    monitor.startInferenceTimer();
    monitor.recordDataLoaderWait(waitOf());
    monitor.recordUtilization(70);
    clock.ms += 2000;
    expect(monitor.getStatistics()).toMatchObject({
      utilization: { average: 70, min: 70, max: 70, samples: 1 },
      throughput: {
        sequencesPerSecond: 5,
        tokensPerSecond: 495,
        elapsedSeconds: 2,
        totalSequences: 10,
        totalTokens: 990,
      },
      dataLoader: { totalBatches: 1 },
    });
  });
});
