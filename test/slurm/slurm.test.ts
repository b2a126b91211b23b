import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';

import { FOUR_GPUS, withGpus } from '../devices/simulated-gpus.ts';
import { faultJob, withFaults } from '../faults/faults.ts';
import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { killRunningPrograms, outputHashes, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { describeOnSlurm } from './find-slurm.ts';
import { LocalCluster } from './local-cluster.ts';
import { SlurmRun } from './slurm-job.ts';

const onSlurm = describeOnSlurm();

const TIMEOUT_MS = 180_000;
const NOTING_PROGRAM = join(process.cwd(), 'test/slurm/programs/noting-program.mjs');
const SMALL_SHARDS = ['--token-budget', '512', '--shard-tokens', '4096'];
const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

onSlurm('on a Slurm cluster of two nodes with four GPUs each', () => {
  let cluster: LocalCluster;
  let expected: Record<string, string> | undefined;

  beforeAll(async () => {
    cluster = await LocalCluster.start({ nodes: 2, gpusPerNode: 4, cpusPerNode: 8, memoryMiBPerNode: 8000 });
  }, TIMEOUT_MS);
  afterAll(async () => cluster.stop(), TIMEOUT_MS);

  /** The bytes of a run on one machine. */
  async function reference(): Promise<Record<string, string>> {
    const out = directory.path('reference');
    const { code, stderr } = await runProgram(faultJob(out, { workers: 2 }));
    if (code !== 0) throw new Error(stderr);
    return outputHashes(out);
  }

  async function expectSameBytes(run: SlurmRun): Promise<void> {
    expected ??= await reference();
    expect(await outputHashes(run.out)).toEqual(expected);
  }

  test(
    'every worker of an array sees one GPU of its own',
    async () => {
      const run = new SlurmRun(cluster, directory.path('gpus'));
      const gpus = await withGpus(directory.path('machine'), FOUR_GPUS, { TEST_WORKERS: '4' });
      const job = [PHAGE_PROTEINS, '-o', run.out, '--json', '--model', TINY_MODEL, ...SMALL_SHARDS];
      const request = ['--nodes', '2', '--gpus-per-node', '4', '--cpus-per-task', '8', '--mem', '6000'];
      const { jobId, mergeJobId } = await run.submit([...job, ...request], {
        ...gpus,
        entry: NOTING_PROGRAM,
      });
      await run.merged({ jobId, mergeJobId });
      const seen = (await readFile(gpus.environments, 'utf8')).trim().split('\n').sort();
      const gpusOf = (task: number) => [0, 1, 2, 3].map((gpu) => `task ${task}: ${gpu} in order PCI_BUS_ID`);
      expect(seen).toEqual([...gpusOf(0), ...gpusOf(1)]);
    },
    TIMEOUT_MS,
  );

  test(
    'an array goes on after a warning of its time limit, and after a requeue',
    async () => {
      const run = new SlurmRun(cluster, directory.path('array'));
      const options = ['--nodes', '2', '--gpus-per-node', '2', '--cpus-per-task', '4', '--mem', '3000'];
      const { jobId, mergeJobId } = await run.submit([...faultJob(run.out, { workers: 2 }), ...options]);
      await Promise.all([run.midway(0), run.midway(1)]);
      await cluster.call('scancel', ['--batch', '--signal=USR1', `${jobId}_0`]);
      await cluster.call('scontrol', ['requeue', `${jobId}_1`]);
      const status = await run.program(['slurm', 'status', run.out]);
      expect(status.stdout).toMatch(new RegExp(`merge +job ${mergeJobId} PENDING \\(Dependency\\)`));
      await run.merged({ jobId, mergeJobId });
      for (const rank of [0, 1]) expect(await run.restartCounts(rank)).toEqual([0, 1]);
      expect(await run.output(`${jobId}_0`)).toContain('goes back to the queue: restart 1');
      await expectSameBytes(run);
    },
    TIMEOUT_MS,
  );

  test(
    'a job over all nodes goes on after the loss of one',
    async () => {
      const run = new SlurmRun(cluster, directory.path('job'));
      const options = ['--mode', 'job', '--nodes', '2', '--cpus-per-task', '4', '--mem', '3000'];
      const { jobId, mergeJobId } = await run.submit([...faultJob(run.out, { workers: 2 }), ...options]);
      await Promise.all([run.midway(0), run.midway(1)]);
      await cluster.killNode('n1');
      await cluster.call('scontrol', ['update', 'NodeName=n1', 'State=DOWN', 'Reason=lost']);
      await cluster.startNode('n1');
      await run.merged({ jobId, mergeJobId });
      for (const rank of [0, 1]) expect(await run.restartCounts(rank)).toEqual([0, 1]);
      await expectSameBytes(run);
    },
    TIMEOUT_MS,
  );

  test(
    'a cancelled run stays cancelled, and goes on when it is submitted again',
    async () => {
      const run = new SlurmRun(cluster, directory.path(`it's a "run" of $HOME; #1`));
      const options = [...faultJob(run.out, { workers: 2 }), '--cpus-per-task', '4', '--mem', '3000'];
      const first = await run.submit([...options, '--nodes', '2']);
      await run.midway(0);
      await expect(run.submit(options)).rejects.toThrow('is in the queue already');
      await cluster.call('scancel', [first.jobId]);
      expect(await run.end(first.jobId)).toEqual(['CANCELLED', 'CANCELLED']);
      expect(await run.end(first.mergeJobId)).toEqual(['CANCELLED']);
      const status = await run.program(['slurm', 'status', run.out, '--json']);
      expect(JSON.parse(status.stdout)).toMatchObject({
        run: { state: 'stopped' },
        nodes: [{ job: null }, { job: null }],
      });
      const second = await run.submit([...options, '--nodes', '1'], withFaults({}));
      await run.merged(second);
      await expectSameBytes(run);
    },
    TIMEOUT_MS,
  );

  test(
    'a run that gets no further is given up, and nothing is merged',
    async () => {
      const run = new SlurmRun(cluster, directory.path('stuck'));
      const job = [...faultJob(run.out), '--max-idle-restarts', '0', '--mem', '1000'];
      const { jobId, mergeJobId } = await run.submit(job, withFaults({ crashingRanks: [0] }));
      expect(await run.end(jobId)).toEqual(['FAILED']);
      expect(await run.end(mergeJobId)).toEqual(['CANCELLED']);
      expect(await run.output(`${jobId}_0`)).toContain('is given up');
    },
    TIMEOUT_MS,
  );
});

test('without Slurm, submit says where to go, and status what it knows', async () => {
  const env = { PATH: '' };
  const out = directory.path('out');
  const submit = await runProgram(['slurm', 'submit', ...faultJob(out)], { env });
  expect(submit).toMatchObject({ code: 2 });
  expect(submit.stderr).toContain('login node');
  const submission = { formatVersion: 1, jobId: '7', mergeJobId: '8', mode: 'array', nodes: 1 };
  await writeFile(join(out, 'slurm.json'), JSON.stringify({ ...submission, submittedAt: new Date() }));
  const status = await runProgram(['slurm', 'status', out], { env });
  expect(status.code).toBe(0);
  expect(status.stdout).toMatch(/queue +not known: squeue is not on PATH/);
});
