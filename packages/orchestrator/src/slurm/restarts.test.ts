import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { decideRestart, parseRestarts, type Restarts } from './restarts.ts';

const now = new Date('2026-01-01T00:00:00Z');

/** The decisions over stops that found so many bytes. */
function decisions(durableBytes: readonly number[], maxIdleRestarts: number, jobId = '7'): boolean[] {
  let restarts: Restarts | null = null;
  return durableBytes.map((bytes) => {
    const decision = decideRestart(restarts, { jobId, durableBytes: bytes, maxIdleRestarts, now });
    restarts = parseRestarts(Buffer.from(JSON.stringify(decision.restarts)));
    expect(restarts).toEqual(decision.restarts);
    return decision.restart;
  });
}

describe('a stopped node', () => {
  test('is started again as long as something new is durable', () => {
    expect(decisions([10, 20, 30, 40], 0)).toEqual([true, true, true, true]);
  });

  test('is given up after so many restarts in a row without', () => {
    expect(decisions([10, 10, 10, 10], 2)).toEqual([true, true, true, false]);
    expect(decisions([0], 0)).toEqual([false]);
  });

  test('a result in between forgives the restarts before it', () => {
    expect(decisions([10, 10, 20, 20, 20], 1)).toEqual([true, true, true, true, false]);
  });

  test('a torn tail that comes and goes is no result', () => {
    expect(decisions([100, 90, 100, 95], 2)).toEqual([true, true, true, false]);
  });

  test('a new submission begins anew', () => {
    const stop = { durableBytes: 5, maxIdleRestarts: 1, now };
    const first = decideRestart(null, { ...stop, jobId: '1' });
    const idle = decideRestart(first.restarts, { ...stop, jobId: '1' });
    const over = decideRestart(idle.restarts, { ...stop, jobId: '1' });
    expect(over.restart).toBe(false);
    const again = decideRestart(over.restarts, { ...stop, jobId: '2' });
    expect(again).toMatchObject({ restart: true, restarts: { idleRestarts: 0, restarts: 1 } });
  });

  test('on more nodes than before, a node has fewer bytes and gets further all the same', () => {
    let { restarts } = decideRestart(null, { jobId: '1', durableBytes: 100, maxIdleRestarts: 0, now });
    for (const durableBytes of [60, 70, 80]) {
      const decision = decideRestart(restarts, { jobId: '2', durableBytes, maxIdleRestarts: 0, now });
      expect(decision.restart).toBe(true);
      ({ restarts } = decision);
    }
  });

  test('is never started more often in a row without progress than allowed', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3)), fc.nat(3), (bytes, max) => {
        let most = 0;
        let idle = 0;
        decisions(bytes, max).forEach((restarted, index) => {
          idle = bytes[index]! > most ? 0 : idle + 1;
          most = Math.max(most, bytes[index]!);
          expect(restarted).toBe(idle <= max);
        });
      }),
    );
  });

  test('counters that cannot be read begin anew', () => {
    expect(parseRestarts(Buffer.from('{"jobId": 1'))).toBeNull();
  });
});
