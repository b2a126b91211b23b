import { mkdir } from 'node:fs/promises';

import { acquireRunLock, runPaths, type RunPaths } from '@virnucpro/checkpoint';
import { resolveInputFiles, spoolInputs, type PlainFile } from '@virnucpro/fasta';
import { DEMO_MODEL_NOTICE } from '@virnucpro/model';
import { EXIT_CODES, InputError, isVirnucproError, UsageError, type ExitCode } from '@virnucpro/protocol';

import { resolveDevices } from '../devices/resolve-devices.ts';
import { EventLog } from '../events/event-log.ts';
import { closeOrchestratorLog, openOrchestratorLog } from '../logging/orchestrator-log.ts';
import { createProgressView } from '../progress/create-view.ts';
import { refuseWithoutRoom } from './disk-room.ts';
import { embed } from './embed.ts';
import { byteSettings } from './fingerprint.ts';
import { finishRun, removeCheckpoints } from './finish-run.ts';
import type { Job, JobRequest } from './job.ts';
import { clearRun, openRun } from './open-run.ts';
import { refuseTakenTarget } from './output-target.ts';
import { prepareRunModel } from './prepare-run-model.ts';
import { describeInputs } from './run-inputs.ts';
import { reportFinished } from './run-summary.ts';
import { listenForStop } from './stop-signals.ts';

/**
 * The main job: FASTA in, embeddings out.
 *
 * @param fasta files, directories, or "-"
 * @returns the exit code: 0 complete, 3 complete with rejected records, 75 stopped and resumable
 * @throws {VirnucproError} with the exit code that goes with it
 */
export async function runJob(
  fasta: readonly string[],
  request: Omit<JobRequest, 'files'>,
): Promise<ExitCode> {
  if (fasta.length === 0) throw new UsageError('NO_INPUT', 'No FASTA file was given. See --help.');
  return runOnFiles({ ...request, files: await resolveInputFiles(fasta) });
}

/** The same with inputs that are known already. */
export async function runOnFiles(request: JobRequest): Promise<ExitCode> {
  const paths = runPaths(request.runDirectory);
  const metricsFile = request.settings['metrics-file'];
  if (metricsFile !== null) await refuseTakenTarget('--metrics-file', metricsFile, request.files, paths);
  await makeRunDirectory(paths);
  const lock = await acquireRunLock(request.context.fileSystem, paths.lock);
  try {
    return await runLocked(paths, request);
  } finally {
    await lock.release();
  }
}

async function runLocked(paths: RunPaths, request: JobRequest): Promise<ExitCode> {
  const { settings, context } = request;
  const model = await prepareRunModel(settings, context);
  const devices = await resolveDevices(settings, model.weightBytes);
  const provider = devices.devices[0]?.provider ?? 'cpu';
  const inputs = await describeInputs(request.files);
  const opened = await openRun({
    fileSystem: context.fileSystem,
    paths,
    settingsFor: (earlierTokenBudget) => byteSettings(settings, model, provider, earlierTokenBudget),
    model,
    inputs,
    toolVersion: context.toolVersion,
    options: { ...settings, 'force-restart': false },
    forceRestart: settings['force-restart'],
    now: () => new Date(),
  });
  if (opened.state === 'finished') {
    if (opened.manifest.options['keep-checkpoints'] !== true)
      await removeCheckpoints(context.fileSystem, paths);
    return reportFinished(opened.manifest, settings, paths, context);
  }
  const view = createProgressView(settings, context);
  const log = openOrchestratorLog({
    logDirectory: paths.logDirectory,
    level: settings['log-level'],
    console: view.log,
  });
  const events = new EventLog(paths.events, settings.json ? context.stdout : null, () => new Date());
  const stop = listenForStop((message) => log.warn(message));
  const closeRecords = once(async () => {
    view.close();
    await events.close();
    await closeOrchestratorLog(log);
  });
  const prepared = { paths, inputs, model, devices, view, log, events, stop, closeRecords };
  try {
    return await compute({ ...request, ...opened, ...prepared });
  } catch (error) {
    if (opened.state === 'new' && isInputAtFault(error)) await clearRun(context.fileSystem, paths);
    throw error;
  } finally {
    stop.dispose();
    await closeRecords();
  }
}

async function compute(job: Job): Promise<ExitCode> {
  const { log, model, devices, manifest, byteSettings: bytes } = job;
  if (model.isDemo) log.warn(DEMO_MODEL_NOTICE);
  if (devices.notice !== null) log.warn(devices.notice);
  log.info(
    `${job.state === 'resumed' ? 'resuming' : 'starting'}: model ${model.name} (${model.layers} layers, ${model.embeddingDim} wide), ` +
      `${devices.devices.length} worker${devices.devices.length === 1 ? '' : 's'} on ${bytes.device}, ${bytes.tokenBudget} tokens per pack`,
    { runId: manifest.runId, settings: bytes, threadsPerWorker: devices.threadsPerWorker },
  );
  job.events.emit({
    event: 'run-started',
    runId: manifest.runId,
    state: job.state === 'resumed' ? 'resumed' : 'new',
    workers: devices.devices.length,
    settings: bytes,
  });
  const { signal } = job.stop;
  let files: readonly PlainFile[];
  try {
    files = await spoolInputs(job.files, job.paths.spoolDirectory, job.context.stdin, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    log.warn(
      `stopped by ${job.stop.cause() ?? 'request'} while the input was unpacked; nothing was computed`,
    );
    return EXIT_CODES.stopped;
  }
  await refuseWithoutRoom(job, files);
  return finishRun(job, await embed(job, files));
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => (done ??= act());
}

/**
 * An input that cannot be used leaves no run behind: mended, it is another input, and would be refused here. One that
 * changed under way is another matter: restored, the run goes on.
 */
function isInputAtFault(error: unknown): boolean {
  return isVirnucproError(error) && error.name === 'InputError' && error.code !== 'INPUT_CHANGED';
}

async function makeRunDirectory({ directory, logDirectory }: RunPaths): Promise<void> {
  try {
    await mkdir(logDirectory, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(
      'RUN_DIRECTORY_UNWRITABLE',
      `The run folder ${directory} cannot be made or written to: ${reason}. Choose another with -o.`,
      { cause: error },
    );
  }
}
