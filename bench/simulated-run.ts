import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { RunningProgram, type ProgramEvent } from '../test/program/run-program.ts';

export interface SimulatedDevice {
  readonly msPerToken?: number;
  readonly msPerPack?: number;
}

export interface SimulatedRunOptions {
  readonly directory: string;
  readonly input: string;
  readonly model: string;
  readonly workers: number;
  readonly tokenBudget: number;
  readonly device: SimulatedDevice;
  /** This rank takes twice as long. */
  readonly slowRank?: number;
  readonly options?: readonly string[];
  /** Told of the program that was started. */
  readonly onStart?: (program: RunningProgram) => void;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface SimulatedRun {
  readonly events: readonly ProgramEvent[];
  readonly report: Report;
  readonly workerCpuMs: number;
  readonly parentCpuMs: number;
  /** When the program was started, in ms since 1970, as its events tell the time. */
  readonly startedAtMs: number;
  /** From the start of the program. */
  readonly wallMs: number;
}

export interface Report {
  readonly elapsedMs: number;
  readonly totals: { readonly tokens: number; readonly packs: number; readonly rows: number };
  readonly computed: {
    readonly tokens: number;
    readonly busyMs: number;
    readonly liveMs: number;
    readonly waitMs: number;
  };
  readonly packing: { readonly tokenUtilization: number };
  readonly throughput: { readonly starvedShare: number; readonly deviceBusyShare: number };
  readonly workers: readonly { readonly busyMs: number; readonly liveMs: number; readonly tokens: number }[];
}

const PROGRAM = join(import.meta.dirname, 'programs/simulated-program.mjs');

/** Runs the whole program on simulated devices. @throws {Error} with what it said, when it fails */
export async function simulatedRun(options: SimulatedRunOptions): Promise<SimulatedRun> {
  const { directory, input, model, workers, tokenBudget, device, slowRank } = options;
  const out = join(directory, 'out');
  const cpuFile = join(directory, 'cpu.jsonl');
  await rm(out, { recursive: true, force: true });
  await rm(cpuFile, { force: true });
  const args = [
    input,
    '-o',
    out,
    '--model',
    model,
    '--workers',
    String(workers),
    '--json',
    '--device',
    'cpu',
  ];
  const startedAtMs = Date.now();
  const startedMs = performance.now();
  const program = new RunningProgram(
    [...args, '--threads-per-worker', '1', '--token-budget', String(tokenBudget), ...(options.options ?? [])],
    {
      entry: PROGRAM,
      env: {
        SIMULATED_DEVICE: JSON.stringify(device),
        CPU_USAGE_FILE: cpuFile,
        ...options.environment,
        ...(slowRank === undefined ? {} : { SLOW_RANK: String(slowRank) }),
      },
    },
  );
  options.onStart?.(program);
  const { code, stderr } = await program.result;
  const wallMs = performance.now() - startedMs;
  if (code !== 0) throw new Error(stderr);
  const usage = (await readFile(cpuFile, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { process: string; cpuMs: number });
  const cpuOf = (name: string): number =>
    usage.filter((u) => u.process === name).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
  return {
    events: program.events,
    report,
    workerCpuMs: cpuOf('worker'),
    parentCpuMs: cpuOf('parent'),
    startedAtMs,
    wallMs,
  };
}
