import { afterEach, expect, test } from '@jest/globals';

import { killRunningPrograms } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { killStorm } from './kill-storm.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

const [KILLS, SEED] = [20, 20_261_121];

test(`${KILLS} kills of parent, workers and group leave the bytes of an untouched run`, async () => {
  const { kills, mismatches } = await killStorm({
    seed: SEED,
    kills: KILLS,
    directory: directory.path('storm'),
  });
  expect(mismatches).toEqual([]);
  expect(kills.worker + kills.parent + kills.group).toBeGreaterThanOrEqual(KILLS);
}, 180_000);
