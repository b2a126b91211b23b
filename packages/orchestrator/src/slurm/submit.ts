import { join } from 'node:path';

import { acquireRunLock, readManifest, runPaths } from '@virnucpro/checkpoint';
import { writeFileAtomically, type DurableFileSystem } from '@virnucpro/checkpoint/file-system';
import { resolveInputFiles } from '@virnucpro/fasta';
import { InputError } from '@virnucpro/protocol';

import { runDiffers } from '../run/open-run.ts';
import { describeInputs, inputDifferences } from '../run/run-inputs.ts';
import { batchScripts, type ScriptRequest } from './batch-scripts.ts';
import { readJobQueue } from './job-queue.ts';
import { callSlurm, submitScript } from './slurm-commands.ts';
import { readSubmission, submittedJobs, writeSubmission, type Submission } from './submission.ts';

/** sbatch answers within seconds. */
const PATIENCE_MS = 60_000;

/**
 * Writes the scripts to RUN_DIR/slurm and gives them to sbatch: the run, and the merge, which starts when every node has
 * ended well, and is dropped when one has not.
 *
 * @throws {InputError} ALREADY_SUBMITTED, RUN_COMPLETE, RUN_DIFFERS · {UsageError} NO_SLURM, SUBMIT_FAILED; nothing is in the queue then
 */
export async function submitRun(
  request: ScriptRequest,
  fileSystem: DurableFileSystem,
  now: () => Date,
): Promise<Submission> {
  await refuseOtherRun(request, fileSystem);
  const directory = join(request.runDirectory, 'slurm');
  await fileSystem.makeDirectory(directory);
  // Two at once would both find an empty queue.
  const lock = await acquireRunLock(fileSystem, join(directory, '.lock'), { patienceMs: PATIENCE_MS });
  try {
    return await submitLocked(request, fileSystem, now);
  } finally {
    await lock.release();
  }
}

async function submitLocked(
  request: ScriptRequest,
  fileSystem: DurableFileSystem,
  now: () => Date,
): Promise<Submission> {
  const { runDirectory, settings } = request;
  await refuseLiveSubmission(fileSystem, runDirectory);
  const { run, merge } = await writeScripts(request, fileSystem);
  const jobId = await submitScript(run);
  const submission: Submission = {
    formatVersion: 1,
    jobId,
    mergeJobId: null,
    mode: settings.mode,
    nodes: settings.nodes,
    submittedAt: now().toISOString(),
  };
  // Remembered before the second call: if this process dies here, the first job is known.
  await writeSubmission(fileSystem, runDirectory, submission);
  const complete = { ...submission, mergeJobId: await submitMerge(merge, jobId) };
  await writeSubmission(fileSystem, runDirectory, complete);
  return complete;
}

/** Without a merge the run is half a submission: it is taken back. */
async function submitMerge(script: string, jobId: string): Promise<string> {
  try {
    // A run that can never end well would otherwise leave the merge in the queue for ever.
    return await submitScript(script, [`--dependency=afterok:${jobId}`, '--kill-on-invalid-dep=yes']);
  } catch (error) {
    await callSlurm('scancel', [jobId]);
    throw error;
  }
}

async function writeScripts(request: ScriptRequest, fileSystem: DurableFileSystem) {
  const scripts = await batchScripts(request);
  const directory = join(request.runDirectory, 'slurm');
  const paths = { run: join(directory, 'run.sh'), merge: join(directory, 'merge.sh') };
  // Slurm opens the output files here before a script could make their folder.
  await fileSystem.makeDirectory(directory);
  await writeFileAtomically(fileSystem, paths.run, Buffer.from(scripts.run));
  await writeFileAtomically(fileSystem, paths.merge, Buffer.from(scripts.merge));
  return paths;
}

/** What the nodes would find out after hours in the queue. Only the inputs: settings may follow the nodes' devices. */
async function refuseOtherRun(
  { runDirectory, inputs }: ScriptRequest,
  fileSystem: DurableFileSystem,
): Promise<void> {
  const manifest = await readManifest(fileSystem, runPaths(runDirectory).manifest);
  if (manifest === null) return;
  const differences = inputDifferences(
    manifest.inputs,
    await describeInputs(await resolveInputFiles(inputs)),
  );
  if (differences.length > 0) throw runDiffers(runDirectory, differences);
  if (manifest.status !== 'complete') return;
  throw new InputError('RUN_COMPLETE', `${runDirectory} is complete already: there is nothing to submit.`);
}

async function refuseLiveSubmission(fileSystem: DurableFileSystem, runDirectory: string): Promise<void> {
  const earlier = await readSubmission(fileSystem, runDirectory);
  if (earlier === null) return;
  const jobs = submittedJobs(earlier);
  const queue = await readJobQueue(jobs);
  if (!queue.known || queue.jobs.length === 0) return;
  throw new InputError(
    'ALREADY_SUBMITTED',
    `${runDirectory} is in the queue already: ${queue.jobs.map(({ id, state }) => `${id} ${state}`).join(', ')}. ` +
      `Wait for it, or end it first: scancel ${jobs.join(' ')}`,
  );
}
