import { expect, test } from '@jest/globals';

import { Throughput } from './throughput.ts';

function startThroughput() {
  const clock = { ms: 12_345 };
  return { clock, throughput: new Throughput(() => clock.ms) };
}

test('nothing done gives zeros and no estimate', () => {
  const { clock, throughput } = startThroughput();
  expect(throughput.snapshot(100)).toMatchObject({ tokensPerSecond: 0, elapsedMs: 0, etaSeconds: null });
  clock.ms += 5000;
  expect(throughput.snapshot(100)).toMatchObject({ tokensPerSecond: 0, elapsedMs: 5000, etaSeconds: null });
});

test('in the first minute the rate is over the time so far', () => {
  const { clock, throughput } = startThroughput();
  clock.ms += 2000;
  throughput.add({ tokens: 1000, sequences: 10 });
  expect(throughput.snapshot(3000)).toMatchObject({
    tokensPerSecond: 500,
    sequencesPerSecond: 5,
    averageTokensPerSecond: 500,
    etaSeconds: 6,
  });
});

test('after that the rate is over the last minute and the average over all', () => {
  const { clock, throughput } = startThroughput();
  for (let second = 0; second < 600; second += 1) {
    throughput.add({ tokens: second < 300 ? 1000 : 100, sequences: 1 });
    clock.ms += 1000;
  }
  const { tokensPerSecond, averageTokensPerSecond, totalTokens, totalSequences } = throughput.snapshot(null);
  expect(tokensPerSecond).toBe(100);
  expect(averageTokensPerSecond).toBe(550);
  expect([totalTokens, totalSequences]).toEqual([330_000, 600]);
});

test('a run that stands still for a minute has no estimate', () => {
  const { clock, throughput } = startThroughput();
  throughput.add({ tokens: 1000, sequences: 1 });
  clock.ms += 61_000;
  expect(throughput.snapshot(1000)).toMatchObject({
    tokensPerSecond: 0,
    etaSeconds: null,
    totalTokens: 1000,
  });
});

test('an unknown remainder has no estimate', () => {
  const { clock, throughput } = startThroughput();
  throughput.add({ tokens: 1000, sequences: 1 });
  clock.ms += 1000;
  expect(throughput.snapshot(null).etaSeconds).toBeNull();
});
