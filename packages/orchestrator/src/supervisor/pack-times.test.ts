import { expect, test } from '@jest/globals';

import { overdue, DEFAULT_TIMEOUTS } from './overdue.ts';
import { fixedHangLimits, PackTimes } from './pack-times.ts';

test('a pack may take a multiple of the slowest so far, never less than a floor, and long while none is known', () => {
  const times = new PackTimes({ firstPackMs: 1_000_000, leastMs: 5_000, factor: 20 });
  expect(times.limitMs).toBe(1_000_000);
  times.observe(10, 100);
  expect(times.limitMs).toBe(5_000);
  times.observe(2, 1_000);
  times.observe(0, 0);
  times.observe(10, 100);
  expect(times.limitMs).toBe(10_000);
  expect(new PackTimes(fixedHangLimits(3_000)).limitMs).toBe(3_000);
});

test('a worker is overdue when it starts too long, says nothing, or is stuck in a pack although it speaks', () => {
  const times = new PackTimes(fixedHangLimits(3_000));
  const slot = (state: 'starting' | 'ready' | 'draining', changes: object = {}) => ({
    handle: { state },
    startedMs: 0,
    lastMessageMs: 0,
    packStartedMs: null,
    ...changes,
  });
  const reason = (worker: ReturnType<typeof slot>, nowMs: number) =>
    overdue(worker, nowMs, DEFAULT_TIMEOUTS, times);
  expect(reason(slot('starting'), 14 * 60_000)).toBeNull();
  expect(reason(slot('starting'), 16 * 60_000)).toContain('not ready');
  expect(reason(slot('ready'), 59_000)).toBeNull();
  expect(reason(slot('ready'), 61_000)).toContain('sent nothing');
  expect(reason(slot('ready', { lastMessageMs: 9_900, packStartedMs: 8_000 }), 10_000)).toBeNull();
  expect(reason(slot('ready', { lastMessageMs: 9_900, packStartedMs: 6_000 }), 10_000)).toContain('stuck');
  expect(reason(slot('draining', { packStartedMs: 0 }), 1e9)).toBeNull();
  expect(overdue({ ...slot('ready'), handle: null }, 1e9, DEFAULT_TIMEOUTS, times)).toBeNull();
});
