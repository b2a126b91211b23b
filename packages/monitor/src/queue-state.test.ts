import { expect, test } from '@jest/globals';

import { inferQueueState } from './queue-state.ts';

test.each([
  [0, 'full'],
  [0.999, 'full'],
  [1, 'normal'],
  [50, 'normal'],
  [50.001, 'starved'],
  [Infinity, 'starved'],
  [-1, 'unknown'],
  [Number.NaN, 'unknown'],
])('a wait of %d ms means that the queue is %s', (waitMs, state) => {
  expect(inferQueueState(waitMs)).toBe(state);
});
