import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

import { GPU_QUERY, parseGpuSample, type GpuSample } from './gpu-sample.ts';

export interface GpuSamplerOptions {
  readonly intervalMs: number;
  readonly onSample: (sample: GpuSample) => void;
  /** Called once, when sampling is given up: the run goes on without it. */
  readonly onGivenUp: (reason: string) => void;
  /** Without a line for so long the sampler counts as hung. */
  readonly silenceMs?: number;
  readonly restartDelayMs?: number;
}

const COMMAND = 'nvidia-smi';
const DEFAULT_SILENCE_MS = 15_000;
const DEFAULT_RESTART_DELAY_MS = 2_000;
/** Ends in a row without a reading between them. */
const MAX_FAILURES = 3;

/**
 * Reads all GPUs through one long-lived nvidia-smi, which costs far less than one per reading. A sampler that dies or
 * hangs is started again a few times and then given up; it never stops the run.
 */
export class GpuSampler {
  readonly #options: GpuSamplerOptions;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #stopped = false;

  constructor(options: GpuSamplerOptions) {
    this.#options = options;
  }

  start(): void {
    const { intervalMs } = this.#options;
    const args = [`--query-gpu=${GPU_QUERY}`, '--format=csv,noheader,nounits', '-lms', String(intervalMs)];
    const child = spawn(COMMAND, args, { env: process.env, stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    this.#awaitLine(child);
    createInterface({ input: child.stdout }).on('line', (line) => this.#receive(child, line));
    child.once('error', (error) => this.#ended(`${COMMAND} could not be started: ${error.message}`));
    child.once('close', (code, signal) =>
      this.#ended(`${COMMAND} ended with ${signal ?? `code ${code ?? '?'}`}`),
    );
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#child !== null) end(this.#child);
  }

  #receive(child: ChildProcess, line: string): void {
    if (this.#stopped) return;
    this.#awaitLine(child);
    const sample = parseGpuSample(line);
    if (sample === null) return;
    this.#failures = 0;
    this.#options.onSample(sample);
  }

  #awaitLine(child: ChildProcess): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => end(child), this.#options.silenceMs ?? DEFAULT_SILENCE_MS);
    this.#timer.unref();
  }

  #ended(reason: string): void {
    if (this.#child === null || this.#stopped) return;
    this.#child = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES || reason.includes('could not be started')) {
      this.#stopped = true;
      this.#options.onGivenUp(reason);
      return;
    }
    this.#timer = setTimeout(() => this.start(), this.#options.restartDelayMs ?? DEFAULT_RESTART_DELAY_MS);
    this.#timer.unref();
  }
}

/** Where nvidia-smi is a script, what it started lives on and holds the pipe, which would hold this process. */
function end(child: ChildProcess): void {
  child.kill('SIGKILL');
  child.stdout?.destroy();
}
