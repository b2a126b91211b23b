import { expect, test } from '@jest/globals';

import { RestartPolicy } from './restart-policy.ts';

const options = { firstDelayMs: 100, maxDelayMs: 350, maxFailures: 5 };

test('waits twice as long after each failure, up to a limit, then gives the device up', () => {
  const policy = new RestartPolicy(options);
  expect(Array.from({ length: 5 }, () => policy.failed())).toEqual([
    { action: 'restart', delayMs: 100 },
    { action: 'restart', delayMs: 200 },
    { action: 'restart', delayMs: 350 },
    { action: 'restart', delayMs: 350 },
    { action: 'retire', failures: 5 },
  ]);
});

test('forgets failures once there was progress', () => {
  const policy = new RestartPolicy(options);
  policy.failed();
  policy.failed();
  policy.progressed();
  expect(policy.failed()).toEqual({ action: 'restart', delayMs: 100 });
});
