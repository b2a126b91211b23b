import type { GpuSample } from './gpu-sample.ts';
import { Timeline } from './timeline.ts';

/** One reading of a GPU in the course of a run. */
export interface GpuPoint extends Pick<
  GpuSample,
  'utilizationPercent' | 'memoryUsedMiB' | 'temperatureC' | 'powerW'
> {
  /** Since the start of the attempt. */
  readonly atMs: number;
}

/** What was seen of one GPU over a run; null where nothing was. */
export interface GpuSummary {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly samples: number;
  readonly averageUtilizationPercent: number | null;
  readonly maxMemoryUsedMiB: number | null;
  readonly maxTemperatureC: number | null;
  readonly averagePowerW: number | null;
  /** At most 400 points. */
  readonly course: readonly GpuPoint[];
}

interface Sums {
  last: GpuSample;
  samples: number;
  utilization: Mean;
  power: Mean;
  maxMemoryUsedMiB: number | null;
  maxTemperatureC: number | null;
  course: Timeline<GpuPoint>;
}

const STEP_MS = 1_000;

/** Readings of all GPUs, summed up as they come; memory does not grow with the run. */
export class GpuStatistics {
  readonly #gpus = new Map<number, Sums>();

  /** @param atMs since the start of the attempt */
  add(sample: GpuSample, atMs: number): void {
    const known = this.#gpus.get(sample.index);
    const sums: Sums = known ?? {
      last: sample,
      samples: 0,
      utilization: new Mean(),
      power: new Mean(),
      maxMemoryUsedMiB: null,
      maxTemperatureC: null,
      course: new Timeline(STEP_MS),
    };
    this.#gpus.set(sample.index, sums);
    sums.last = sample;
    sums.samples += 1;
    sums.utilization.add(sample.utilizationPercent);
    sums.power.add(sample.powerW);
    sums.maxMemoryUsedMiB = larger(sums.maxMemoryUsedMiB, sample.memoryUsedMiB);
    sums.maxTemperatureC = larger(sums.maxTemperatureC, sample.temperatureC);
    const { utilizationPercent, memoryUsedMiB, temperatureC, powerW } = sample;
    sums.course.add({ atMs, utilizationPercent, memoryUsedMiB, temperatureC, powerW });
  }

  /** The last reading of a GPU, by number or UUID, as CUDA_VISIBLE_DEVICES names it. */
  latest(visibleDevice: string): GpuSample | null {
    for (const { last } of this.#gpus.values())
      if (String(last.index) === visibleDevice || last.uuid === visibleDevice) return last;
    return null;
  }

  summary(): GpuSummary[] {
    return [...this.#gpus.values()]
      .sort((a, b) => a.last.index - b.last.index)
      .map(
        ({
          last: { index, uuid, name },
          samples,
          utilization,
          power,
          maxMemoryUsedMiB,
          maxTemperatureC,
          course,
        }) => ({
          ...{ index, uuid, name, samples, maxMemoryUsedMiB, maxTemperatureC },
          averageUtilizationPercent: utilization.value,
          averagePowerW: power.value,
          course: course.points,
        }),
      );
  }
}

class Mean {
  #sum = 0;
  #count = 0;

  add(value: number | null): void {
    if (value === null) return;
    this.#sum += value;
    this.#count += 1;
  }

  get value(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count;
  }
}

function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
