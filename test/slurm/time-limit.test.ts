import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';

import { faultJob, withFaults } from '../faults/faults.ts';
import { killRunningPrograms, outputHashes, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { describeOnSlurm } from './find-slurm.ts';
import { LocalCluster } from './local-cluster.ts';
import { SlurmRun } from './slurm-job.ts';

const onSlurm = describeOnSlurm();

const TIMEOUT_MS = 240_000;
const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

onSlurm('at its time limit', () => {
  let cluster: LocalCluster;

  beforeAll(async () => {
    cluster = await LocalCluster.start({ nodes: 2, gpusPerNode: 4, cpusPerNode: 4, memoryMiBPerNode: 8000 });
  }, TIMEOUT_MS);
  afterAll(async () => cluster.stop(), TIMEOUT_MS);

  test(
    'a task is told by Slurm, stops, waits in the queue again and goes on; the bytes are those of an undisturbed run',
    async () => {
      const run = new SlurmRun(cluster, directory.path('limited'));
      // Slow until the first restart, so that it cannot end before Slurm sends its warning.
      const slow = withFaults({ slowMs: 3_000 });
      const options = ['--nodes', '2', '--time', '2', '--cpus-per-task', '2', '--mem', '3000'];
      const submitted = await run.submit([...faultJob(run.out, { workers: 1 }), ...options], slow);
      await run.merged(submitted);
      for (const rank of [0, 1]) expect((await run.restartCounts(rank)).length).toBeGreaterThanOrEqual(2);
      expect(await run.output(`${submitted.jobId}_0`)).toContain('goes back to the queue: restart 1');
      const alone = directory.path('alone');
      expect((await runProgram(faultJob(alone, { workers: 1 }))).code).toBe(0);
      expect(await outputHashes(run.out)).toEqual(await outputHashes(alone));
    },
    TIMEOUT_MS,
  );
});
