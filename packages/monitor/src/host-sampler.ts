/** One reading of the machine; null where a reading failed. */
export interface HostSample {
  /** Of all cores together, 0 … 100. */
  readonly cpuPercent: number | null;
  /** In use by programs, without caches. */
  readonly memoryUsedBytes: number | null;
  /** Room on the file system of the results. */
  readonly diskFreeBytes: number | null;
}

export interface HostSamplerOptions {
  readonly intervalMs: number;
  readonly readDiskFreeBytes: () => Promise<number>;
  readonly onSample: (sample: HostSample) => void;
}

/** Reads the machine's load, memory and disk; a reading that fails is null, and never stops the run. */
export class HostSampler {
  readonly #options: HostSamplerOptions;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: HostSamplerOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#sample();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #sample(): Promise<void> {
    const sample = await this.#read();
    if (this.#isStopped()) return;
    this.#options.onSample(sample);
    // What is told may stop it.
    if (this.#isStopped()) return;
    // From the end of one reading to the next: slow readings do not pile up.
    this.#timer = setTimeout(() => void this.#sample(), this.#options.intervalMs);
    this.#timer.unref();
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  async #read(): Promise<HostSample> {
    // Loaded late: a command that computes nothing has no use for it.
    const { currentLoad, mem } = await import('systeminformation');
    const [load, memory, diskFreeBytes] = await Promise.all([
      readingOf(async () => (await currentLoad()).currentLoad),
      readingOf(async () => (await mem()).active),
      readingOf(this.#options.readDiskFreeBytes),
    ]);
    return { cpuPercent: load, memoryUsedBytes: memory, diskFreeBytes };
  }
}

async function readingOf(read: () => Promise<number>): Promise<number | null> {
  try {
    const value = await read();
    return Number.isFinite(value) && value >= 0 ? value : null;
  } catch {
    return null;
  }
}
