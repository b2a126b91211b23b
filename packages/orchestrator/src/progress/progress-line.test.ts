import { describe, expect, test } from '@jest/globals';
import { toRank } from '@virnucpro/protocol';
import fc from 'fast-check';

import { totalLine, workerLine } from './progress-line.ts';
import type { ProgressSnapshot, WorkerProgress } from './progress-view.ts';

const gpu = { utilizationPercent: 97, memoryUsedMiB: 46_080, temperatureC: 64, powerW: 512.4 };
const workerOf = (changes: Partial<WorkerProgress> = {}): WorkerProgress => ({
  rank: toRank(0),
  label: 'cuda:0',
  state: 'ready',
  tokensDone: 420_000,
  tokensPerSecond: 457_123,
  sequencesPerSecond: 8963,
  tokenUtilization: 0.984,
  deviceBusyShare: 0.991,
  queueDepth: 2,
  restarts: 0,
  gpu,
  ...changes,
});
const snapshotOf = (changes: Partial<ProgressSnapshot> = {}): ProgressSnapshot => ({
  workers: [],
  sequencesDone: 12_345,
  tokensDone: 420_000,
  tokensTotal: 1_000_000,
  tokensScanned: 1_000_000,
  tokensPerSecond: 457_123,
  sequencesPerSecond: 8963,
  averageTokensPerSecond: 450_000,
  etaSeconds: 130,
  etaBandSeconds: [115, 160],
  ...changes,
});

describe('a line of the live view', () => {
  test('says what fits into 80 columns, the important first', () => {
    expect(workerLine(workerOf(), 1_000_000, 80)).toBe(
      'worker 0 ██████░░░░░░░░░░  42 % 457,123 tok/s busy 99 % fill 98 % gpu 97% 45.0G',
    );
  });

  test('says all of it where there is room', () => {
    expect(workerLine(workerOf({ restarts: 2 }), 1_000_000, 160)).toContain(
      ' 42 % 457,123 tok/s busy 99 % fill 98 % queue 2 8,963 seq/s restarts 2 gpu 97% 45.0G 64°C 512W cuda:0',
    );
  });

  test('tells of a worker that cannot compute before all else', () => {
    const line = workerLine(workerOf({ state: 'restarting', restarts: 3 }), 1_000_000, 60);
    expect(line).toContain('restarting');
  });

  test('leaves out what is not known', () => {
    const fresh = workerOf({ gpu: null, tokenUtilization: null, deviceBusyShare: null, state: 'starting' });
    expect(workerLine(fresh, 0, 80)).toBe(
      'worker 0 ░░░░░░░░░░░░░░░░   0 % 457,123 tok/s starting queue 2 8,963 seq/s',
    );
  });

  test('shows how sure the estimate is', () => {
    expect(totalLine(snapshotOf(), 80)).toBe(
      'total    ██████░░░░░░░░░░  42 % 457,123 tok/s ETA 2:10 (1:55 to 2:40)',
    );
  });

  test('is never as wide as the terminal, whatever its width', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.boolean(), (columns, isTotal) => {
        const line = isTotal ? totalLine(snapshotOf(), columns) : workerLine(workerOf(), 1e6, columns);
        expect(line.length).toBeLessThan(Math.max(1, columns));
      }),
    );
  });
});
