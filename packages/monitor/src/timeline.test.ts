import { expect, test } from '@jest/globals';

import { Timeline, type TimelinePoint } from './timeline.ts';

test('a long run keeps its whole course in few points, evenly', () => {
  const timeline = new Timeline<TimelinePoint>(1000);
  for (let second = 0; second < 100_000; second += 1)
    timeline.add({ atMs: 1000 * second, tokens: [second], busyMs: [second], waitMs: [0], ready: [true] });
  const { points } = timeline;
  expect(points.length).toBeGreaterThan(150);
  expect(points.length).toBeLessThanOrEqual(400);
  const steps = new Set(points.slice(1).map(({ atMs }, index) => atMs - points[index]!.atMs));
  expect(steps.size).toBe(1);
  expect(points[0]?.atMs).toBe(0);
  expect(points.at(-1)!.atMs).toBeGreaterThan(99_000_000);
});
