import type { HostSample } from './host-sampler.ts';
import { Timeline } from './timeline.ts';

export interface HostPoint extends HostSample {
  /** Since the start of the attempt. */
  readonly atMs: number;
}

/** The machine over a run; null where nothing was read. */
export interface HostSummary {
  readonly averageCpuPercent: number | null;
  readonly maxMemoryUsedBytes: number | null;
  readonly minDiskFreeBytes: number | null;
  /** At most 400 points. */
  readonly course: readonly HostPoint[];
}

const STEP_MS = 1_000;

/** Readings of the machine, summed up as they come; memory does not grow with the run. */
export class HostStatistics {
  readonly #course = new Timeline<HostPoint>(STEP_MS);
  #latest: HostSample | null = null;
  #cpuSum = 0;
  #cpuCount = 0;
  #maxMemoryUsedBytes = -Infinity;
  #minDiskFreeBytes = Infinity;

  get latest(): HostSample | null {
    return this.#latest;
  }

  /** @param atMs since the start of the attempt */
  add(sample: HostSample, atMs: number): void {
    const { cpuPercent, memoryUsedBytes, diskFreeBytes } = sample;
    this.#latest = sample;
    this.#course.add({ atMs, ...sample });
    if (cpuPercent !== null) {
      this.#cpuSum += cpuPercent;
      this.#cpuCount += 1;
    }
    this.#maxMemoryUsedBytes = Math.max(this.#maxMemoryUsedBytes, memoryUsedBytes ?? -Infinity);
    this.#minDiskFreeBytes = Math.min(this.#minDiskFreeBytes, diskFreeBytes ?? Infinity);
  }

  summary(): HostSummary {
    return {
      averageCpuPercent: this.#cpuCount === 0 ? null : this.#cpuSum / this.#cpuCount,
      maxMemoryUsedBytes: known(this.#maxMemoryUsedBytes),
      minDiskFreeBytes: known(this.#minDiskFreeBytes),
      course: this.#course.points,
    };
  }
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
