import { describe, expect, it } from '@jest/globals';

import { startsDue } from './start-turns.ts';

type Slot = Parameters<typeof startsDue>[0][number];

const waiting: Slot = { processes: 0, startedMs: 0, handle: null };
const startedAt = (startedMs: number): Slot => ({ processes: 1, startedMs, handle: { state: 'starting' } });
const ready: Slot = { processes: 1, startedMs: 0, handle: { state: 'ready' } };
const dead: Slot = { processes: 1, startedMs: 0, handle: null };

describe('startsDue', () => {
  it.each([
    ['one for each core at first', [waiting, waiting, waiting], 0, 2, 2],
    ['all where there are cores for all', [waiting, waiting, waiting], 0, 16, 3],
    ['none while every core has one to start', [startedAt(0), startedAt(0), waiting], 500, 2, 0],
    ['the next when one is ready', [ready, startedAt(0), waiting, waiting], 500, 2, 1],
    [
      'the next when one has died: its restart is planned elsewhere',
      [dead, startedAt(0), waiting],
      500,
      2,
      1,
    ],
    ['the next when one has hung for ten seconds', [startedAt(0), startedAt(9000), waiting], 10_000, 2, 1],
    ['none when all have started', [ready, ready], 0, 2, 0],
    ['none, when restarts hold all cores', [startedAt(0), startedAt(0), startedAt(0), waiting], 1, 2, 0],
  ])('%s', (_name, slots, nowMs, cores, due) => {
    expect(startsDue(slots, nowMs, cores)).toEqual(Array.from({ length: due }, () => waiting));
  });

  it('takes places in their order', () => {
    const slots = [ready, { ...waiting }, { ...waiting }];
    expect(startsDue(slots, 0, 1)[0]).toBe(slots[1]);
  });
});
