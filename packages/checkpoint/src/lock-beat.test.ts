import { describe, expect, test } from '@jest/globals';

import { DEFAULT_BEAT_TIMES, isRecentBeat, isSilent } from './lock-beat.ts';

const times = { beatMs: 10, silenceMs: 100 };

describe('a holder that cannot be looked for', () => {
  test('is silent when no beat comes for the time allowed', async () => {
    let waitedMs = 0;
    const wait = (ms: number): Promise<void> => Promise.resolve(void (waitedMs += ms));
    expect(await isSilent(() => Promise.resolve('1'), times, wait)).toBe(true);
    expect(waitedMs).toBe(100);
  });

  test('lives when a beat comes, and nobody waits longer than that', async () => {
    let waits = 0;
    const wait = (): Promise<void> => Promise.resolve(void (waits += 1));
    expect(await isSilent(() => Promise.resolve(waits < 3 ? '1' : '2'), times, wait)).toBe(false);
    expect(waits).toBe(3);
  });

  test('lives when its first beat comes while it is watched', async () => {
    let reads = 0;
    const read = (): Promise<string | null> => Promise.resolve((reads += 1) < 3 ? null : '0');
    expect(await isSilent(read, times, () => Promise.resolve())).toBe(false);
  });

  test.each([
    ['a minute old', '           7 2026-01-01T00:00:00.000Z\n', true],
    ['two minutes old', '           7 2025-12-31T23:59:00.000Z\n', false],
    ['torn', '     ', false],
    ['not there', null, false],
  ])('by its last beat, %s', (_, beat, alive) => {
    expect(isRecentBeat(beat, new Date('2026-01-01T00:01:00.000Z'), DEFAULT_BEAT_TIMES)).toBe(alive);
  });
});
