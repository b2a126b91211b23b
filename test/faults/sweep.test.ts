import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';

import { killRunningPrograms } from '../program/run-program.ts';
import { sweep } from './sweep.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-sweep-'));
});
afterEach(killRunningPrograms);
afterAll(() => rm(directory, { recursive: true, force: true }));

/** `npm run soak` sweeps every call in every way; here the first of each kind of call and some of the rest. */
test.each([
  { swept: 'program', how: 'die', stride: 6 },
  { swept: 'worker', how: 'die', stride: 8 },
  { swept: 'recovery', how: 'die', stride: 6 },
  { swept: 'program', how: 'fail', stride: 40 },
  { swept: 'worker', how: 'fail', stride: 40 },
  { swept: 'worker', how: 'torn', stride: 5 },
] as const)(
  '$how at call after call of the $swept leaves the bytes of a run without a fault',
  async (point) => {
    const { points, mismatches } = await sweep({ ...point, directory });
    expect(mismatches).toEqual([]);
    expect(points).toBeGreaterThan(2);
  },
  300_000,
);
