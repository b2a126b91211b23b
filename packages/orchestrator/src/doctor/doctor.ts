import { totalmem, availableParallelism } from 'node:os';

import type { PreparedModel } from '@virnucpro/model';
import { EXIT_CODES, type DeviceSpec, type ExitCode } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import { listGpus, type GpuListing } from '../devices/gpu-list.ts';
import {
  cudaInstallations,
  cudaProviderPath,
  onnxRuntimeVersion,
  runtimeDirectory,
} from '../devices/onnx-runtime.ts';
import { resolveDevices, type ResolvedDevices } from '../devices/resolve-devices.ts';
import { memoryOf } from '../plan/plan-run.ts';
import { formatBytes } from '../progress/format.ts';
import { byteSettings } from '../run/fingerprint.ts';
import { chooseTokenBudget } from '../run/token-budget.ts';
import { prepareRunModel } from '../run/prepare-run-model.ts';
import type { RunContext } from '../run/run-context.ts';
import { probeCudaLibraries } from './cuda-libraries.ts';
import { probeProvider } from './cuda-provider.ts';
import { newestCuda, probeDriver, probeGpus } from './driver.ts';
import { ok, warn, type CudaNeed, type DoctorReport, type Finding } from './finding.ts';
import { probeLimits } from './limits.ts';
import { thisMachine, type Machine } from './machine.ts';
import { probeMemory } from './memory.ts';
import { probeNode } from './node-version.ts';
import { probeOutput } from './output-disk.ts';
import { probeProcessors } from './processors.ts';
import { probeSlurm } from './slurm.ts';
import { smokeRun, type SmokeJob } from './smoke-run.ts';
import { refusal, type Verdict } from './verdict.ts';

/** Loading a large model from a slow disk takes minutes; a hung driver takes for ever. */
const SMOKE_LIMIT_MS = 10 * 60_000;

/**
 * Would `run` work here, with these settings? Looks at everything that it depends on and computes one pack on each
 * asked device.
 *
 * @param outDirectory where a run would write
 * @returns exit code 0 only if it would; else the one that it would give
 */
export async function examine(
  settings: RunSettings,
  outDirectory: string,
  context: RunContext,
): Promise<DoctorReport> {
  const machine = thisMachine(context.environment);
  const listing = await listGpus(context.environment);
  const model = await attempt('model', () => prepareRunModel(settings, context), describeModel);
  const weightBytes = model.value?.weightBytes ?? 0;
  const devices = await attempt(
    'devices',
    () => resolveDevices(settings, weightBytes, context),
    describeDevices,
  );
  const output = await probeOutput(outDirectory, context.fileSystem, () => performance.now());
  const { value: preparedModel } = model;
  const { value: resolved } = devices;
  const jobs =
    preparedModel === null || resolved === null
      ? []
      : [
          await attempt(
            'token budget',
            () => Promise.resolve(smokeJob(settings, preparedModel, resolved)),
            describeBudget,
          ),
        ];
  const smoke = (await Promise.all(jobs.map(({ value }) => smokeRuns(value, context)))).flat();
  const decisive = [model.verdict, devices.verdict, ...jobs.map(({ verdict }) => verdict), output, ...smoke];
  const worksOnCuda = smoke.some(({ exitCode }) => exitCode === EXIT_CODES.complete) && usesCuda(resolved);
  const findings = [
    probeNode(process.version),
    ...(await probeHost(machine, preparedModel, resolved, settings.precision)),
    probeSlurm(machine),
    ...(await probeCuda(machine, settings, listing, context)).map((finding) =>
      worksOnCuda ? softened(finding) : finding,
    ),
    ...decisive.map(({ finding }) => finding),
  ];
  return { doctorVersion: 1, toolVersion: context.toolVersion, exitCode: exitCodeOf(decisive), findings };
}

/** A job that a device can be tried with. */
interface PlannedSmoke {
  readonly job: SmokeJob;
  /** Of the token budget. */
  readonly explanation: string;
}

interface Attempt<T> {
  readonly value: T | null;
  readonly verdict: Verdict;
}

async function attempt<T>(
  name: string,
  act: () => Promise<T>,
  describe: (value: T) => Finding,
): Promise<Attempt<T>> {
  try {
    const value = await act();
    return { value, verdict: { finding: describe(value), exitCode: EXIT_CODES.complete } };
  } catch (error) {
    return { value: null, verdict: refusal(name, error) };
  }
}

function describeModel({ name, isDemo, parameterCount, weightBytes }: PreparedModel): Finding {
  const size = `${(parameterCount / 1e6).toFixed(1)} M parameters, ${formatBytes(weightBytes)}`;
  return ok(
    'model',
    isDemo ? `demo, with random weights, ${size}; --model DIR examines a real one` : `${name}, ${size}`,
  );
}

function describeDevices({ devices, threadsPerWorker, notice }: ResolvedDevices): Finding {
  const labels = [...new Set(devices.map(({ label }) => label))].join(', ');
  const found = `${devices.length} worker${devices.length === 1 ? '' : 's'} on ${labels}, ${threadsPerWorker} thread${threadsPerWorker === 1 ? '' : 's'} each`;
  return notice === null
    ? ok('devices', found)
    : warn('devices', `${found}. ${notice}`, 'Install the CUDA provider to use the GPUs.');
}

async function probeHost(
  machine: Machine,
  model: PreparedModel | null,
  resolved: ResolvedDevices | null,
  precision: RunSettings['precision'],
): Promise<Finding[]> {
  const workers = resolved?.devices.length ?? 1;
  const needed = model === null ? null : memoryOf(model, workers, precision);
  return [
    await probeProcessors(machine, availableParallelism(), workers * (resolved?.threadsPerWorker ?? 1)),
    await probeMemory(machine, totalmem(), needed),
    await probeLimits(machine, workers),
  ];
}

async function probeCuda(
  machine: Machine,
  settings: RunSettings,
  listing: GpuListing,
  context: RunContext,
): Promise<Finding[]> {
  const need = cudaNeed(settings, listing);
  const version = onnxRuntimeVersion();
  const provider = await probeProvider(
    machine,
    {
      path: context.cudaProvider ?? cudaProviderPath(),
      version,
      runtimeDirectory: runtimeDirectory(),
      installable: cudaInstallations(),
      newestCuda: newestCuda(listing.gpus[0]?.driverVersion ?? null),
    },
    need,
  );
  return [
    probeDriver(listing, need),
    ...probeGpus(listing, need),
    ok('ONNX Runtime', `onnxruntime-node ${version}`),
    provider.finding,
    ...(await probeCudaLibraries(machine, provider.cuda, need)),
  ];
}

function cudaNeed({ device, gpus }: RunSettings, listing: GpuListing): CudaNeed {
  if (device === 'cuda' || gpus !== null) return 'asked';
  return device === 'auto' && listing.gpus.length > 0 ? 'possible' : 'none';
}

/** @throws {DeviceError} MODEL_TOO_LARGE */
function smokeJob(settings: RunSettings, model: PreparedModel, devices: ResolvedDevices): PlannedSmoke {
  const provider = devices.devices[0]?.provider ?? 'cpu';
  const budget = chooseTokenBudget(settings, model, { memory: devices.memory, earlier: null });
  const bytes = byteSettings(settings, model, { provider, tokenBudget: budget.tokenBudget });
  return { job: { settings, model, devices, byteSettings: bytes }, explanation: budget.explanation };
}

function describeBudget({ explanation }: PlannedSmoke): Finding {
  return ok('token budget', explanation);
}

/** CPU workers are all alike: one of them is tried. GPUs are tried at the same time, as a run starts them. */
async function smokeRuns(planned: PlannedSmoke | null, { workerEntry }: RunContext): Promise<Verdict[]> {
  if (planned === null) return [];
  const { job } = planned;
  const { devices } = job.devices;
  const entry = workerEntry ?? new URL(import.meta.resolve('@virnucpro/gpu-worker/entry'));
  const tried: readonly DeviceSpec[] = job.byteSettings.device === 'cpu' ? devices.slice(0, 1) : devices;
  return Promise.all(tried.map((device) => smokeRun(job, device, entry, SMOKE_LIMIT_MS)));
}

function usesCuda(resolved: ResolvedDevices | null): boolean {
  return resolved?.devices.some(({ provider }) => provider === 'cuda') === true;
}

/** A device has computed, so what seems to be missing was found in a way that is not known here. */
function softened(finding: Finding): Finding {
  return finding.status === 'fail'
    ? { ...finding, status: 'warn', found: `${finding.found}; yet a GPU has computed` }
    : finding;
}

function exitCodeOf(verdicts: readonly Verdict[]): ExitCode {
  return verdicts.find(({ exitCode }) => exitCode !== EXIT_CODES.complete)?.exitCode ?? EXIT_CODES.complete;
}
