import { afterEach, expect, test } from '@jest/globals';

import { killRunningPrograms, outputHashes, RunningProgram, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { faultJob, is, withFaults } from './faults.ts';
import { unfaulted } from './unfaulted.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

test('a device whose workers keep dying is given up, and the others finish with the same bytes', async () => {
  const out = directory.path('out');
  const run = new RunningProgram(
    faultJob(out, { workers: 2 }),
    withFaults({ crashingRanks: [0], slowMs: 80 }),
  );
  const givenUp = await run.event((event) => is('worker-lost')(event) && event['restartInMs'] === null);
  expect(givenUp).toMatchObject({ rank: 0 });
  expect((await run.result).code).toBe(0);
  expect(run.events.filter(is('worker-lost'))).toHaveLength(5);
  expect(await outputHashes(out)).toEqual(await unfaulted());
}, 60_000);

test('when all devices are given up the run stops with 75; on sound ones it is completed', async () => {
  const out = directory.path('out');
  const faults = withFaults({ crashingRanks: [0, 1] });
  const { code, stderr } = await runProgram(faultJob(out, { workers: 2 }), faults);
  expect({ code, stderr }).toMatchObject({ code: 75 });
  expect(stderr).toContain('Every worker failed too often');
  expect((await runProgram(['resume', out])).code).toBe(0);
  expect(await outputHashes(out)).toEqual(await unfaulted());
}, 60_000);
