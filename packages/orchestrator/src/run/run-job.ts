import { runPaths } from '@virnucpro/checkpoint';
import { resolveInputFiles } from '@virnucpro/fasta';
import type { PreparedModel } from '@virnucpro/model';
import { isVirnucproError, UsageError, type ExitCode } from '@virnucpro/protocol';

import { checkConflicts, resolveDevices, type ResolvedDevices } from '../devices/resolve-devices.ts';
import { EventLog } from '../events/event-log.ts';
import { closeOrchestratorLog, openOrchestratorLog } from '../logging/orchestrator-log.ts';
import { chooseShare } from '../nodes/choose-share.ts';
import { isShared } from '../nodes/node-share.ts';
import { createProgressView } from '../progress/create-view.ts';
import { claimRun, claimWholeRun, type RunClaim } from './claim-run.ts';
import { compute } from './compute.ts';
import { byteSettings } from './fingerprint.ts';
import type { JobRequest } from './job.ts';
import { shareOf, type Mission } from './mission.ts';
import { clearRun, openRun, type OpenedRun } from './open-run.ts';
import { refuseTakenTarget } from './output-target.ts';
import { prepareRunModel } from './prepare-run-model.ts';
import { removeCheckpoints } from './run-folder.ts';
import { describeInputs, type RunInput } from './run-inputs.ts';
import { reportFinished } from './run-summary.ts';
import { listenForStop } from './stop-signals.ts';
import { chooseTokenBudget } from './token-budget.ts';

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
  const { share, notice } = chooseShare(request.settings, request.context.environment);
  if (isShared(share)) refuseUnshareable(request);
  const { settings, runDirectory, files, context } = request;
  const metricsFile = settings['metrics-file'];
  if (metricsFile !== null)
    await refuseTakenTarget('--metrics-file', metricsFile, files, runPaths(runDirectory));
  const claim = await claimRun(context, runDirectory, share);
  return whileClaimed(claim, () => runClaimed(claim, request, { kind: 'compute', share }, notice));
}

/** Merges a run that is computed, and computes nothing. */
export async function mergeOnFiles(
  request: JobRequest,
  mission: Extract<Mission, { kind: 'merge' }>,
): Promise<ExitCode> {
  const claim = await claimWholeRun(request.context, request.runDirectory, 'a minute');
  return whileClaimed(claim, () => runClaimed(claim, request, mission, null));
}

async function whileClaimed(claim: RunClaim, act: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await act();
  } finally {
    await claim.release();
  }
}

/** @throws {UsageError} STDIN_SHARED, RESTART_SHARED */
function refuseUnshareable({ files, settings, runDirectory }: JobRequest): void {
  if (files.some(({ kind }) => kind === 'stdin')) {
    throw new UsageError(
      'STDIN_SHARED',
      'Standard input cannot be shared by several nodes: each would have to read all of it. Give a file that all of them see.',
    );
  }
  if (settings['force-restart']) {
    throw new UsageError(
      'RESTART_SHARED',
      `--force-restart on several nodes would have each throw away the work of the others. Remove ${runDirectory} first.`,
    );
  }
}

/** Options that concern one process of the run, not the run. */
const PASSING_OPTIONS = { 'force-restart': false, 'num-nodes': null, 'node-rank': null } as const;

async function runClaimed(
  claim: RunClaim,
  request: JobRequest,
  mission: Mission,
  nodeNotice: string | null,
): Promise<ExitCode> {
  const { settings, context } = request;
  // Before weights are read and converted, which takes minutes.
  if (mission.kind !== 'merge') checkConflicts(settings);
  const model = await prepareRunModel(settings, context);
  const devices = await devicesFor(mission, request, model);
  const inputs = await describeInputs(request.files);
  const provider = mission.kind === 'merge' ? mission.device : (devices.devices[0]?.provider ?? 'cpu');
  const opened = await claim.exclusively(() =>
    openRun({
      fileSystem: context.fileSystem,
      paths: claim.paths,
      settingsFor: (earlier) => {
        const { tokenBudget } = chooseTokenBudget(settings, model, { memory: devices.memory, earlier });
        return byteSettings(settings, model, { provider, tokenBudget });
      },
      model,
      inputs,
      toolVersion: context.toolVersion,
      options: { ...settings, ...PASSING_OPTIONS },
      forceRestart: settings['force-restart'],
      now: () => new Date(),
    }),
  );
  if (opened.state === 'finished') {
    if (opened.manifest.options['keep-checkpoints'] !== true)
      await removeCheckpoints(context.fileSystem, claim.paths);
    return reportFinished(opened.manifest, settings, claim.paths, context);
  }
  const prepared = { ...request, ...opened, mission, claim, paths: claim.paths, model, devices, inputs };
  return withRecords(prepared, [devices.notice, nodeNotice]);
}

const NO_DEVICES: ResolvedDevices = {
  devices: [],
  threadsPerWorker: 1,
  memory: null,
  notice: null,
};

async function devicesFor(
  mission: Mission,
  { settings, context }: JobRequest,
  model: PreparedModel,
): Promise<ResolvedDevices> {
  if (mission.kind === 'merge') return NO_DEVICES;
  return resolveDevices(settings, model.weightBytes, context);
}

interface Prepared extends JobRequest, OpenedRun {
  readonly mission: Mission;
  readonly claim: RunClaim;
  readonly paths: RunClaim['paths'];
  readonly inputs: readonly RunInput[];
  readonly model: PreparedModel;
  readonly devices: ResolvedDevices;
}

/** Opens view, log and event log around the computation. */
async function withRecords(prepared: Prepared, notices: readonly (string | null)[]): Promise<ExitCode> {
  const { settings, context, paths } = prepared;
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
  try {
    for (const notice of notices) if (notice !== null) log.warn(notice);
    return await compute({ ...prepared, view, log, events, stop, closeRecords });
  } catch (error) {
    if (leavesNothing(error)) await forgetRun(prepared);
    throw error;
  } finally {
    stop.dispose();
    await closeRecords();
  }
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => (done ??= act());
}

/**
 * An input that cannot be used leaves no run behind: mended, it is another input, and would be refused here; so would
 * the token budget that the device has memory for. An input that changed under way is another matter: restored, the
 * run goes on.
 */
function leavesNothing(error: unknown): boolean {
  if (!isVirnucproError(error)) return false;
  if (error.code === 'TOKEN_BUDGET_TOO_LARGE') return true;
  return error.name === 'InputError' && error.code !== 'INPUT_CHANGED';
}

/** Of several nodes that all met the fault, the last one clears up. */
async function forgetRun({ state, mission, manifest, claim, context, paths }: Prepared): Promise<void> {
  const shared = isShared(shareOf(mission));
  if (state !== 'new' && !(shared && manifest.scan === null)) return;
  await claim.exclusively(async () => {
    if (!(await claim.hasCompany())) await clearRun(context.fileSystem, paths);
  });
}
