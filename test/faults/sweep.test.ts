import { afterEach, expect, test } from '@jest/globals';

import { killRunningPrograms } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { sweep } from './sweep.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

/** `npm run soak` sweeps every call in every way; here every second death, and some of the rest. */
test.each([
  { swept: 'program', how: 'die', stride: 2 },
  { swept: 'worker', how: 'die', stride: 2 },
  { swept: 'recovery', how: 'die', stride: 2 },
  { swept: 'program', how: 'fail', stride: 10 },
  { swept: 'worker', how: 'fail', stride: 10 },
  { swept: 'worker', how: 'torn', stride: 3 },
] as const)(
  '$how at call after call of the $swept leaves the bytes of a run without a fault',
  async (point) => {
    const { points, mismatches } = await sweep({ ...point, directory: directory.path('sweep') });
    expect(mismatches).toEqual([]);
    expect(points).toBeGreaterThan(2);
  },
  300_000,
);
