const CAPACITY = 3600;

export type BottleneckSeverity = 'critical' | 'mild' | 'none';

export interface BottleneckVerdict {
  readonly isBottleneck: boolean;
  readonly severity: BottleneckSeverity;
  /** Percent, over the samples looked at; 0 while there are too few. */
  readonly averageUtilization: number;
}

export interface UtilizationSummary {
  /** Percent over all samples; null before the first. */
  readonly average: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly samples: number;
}

/** Device utilization below which the device mostly waits, and below which it waits too often (percent). */
const CRITICAL_BELOW = 50;
const MILD_BELOW = 80;

/** The last hour of utilization samples (one a second) and the sums over all; fixed memory. */
export class UtilizationWindow {
  readonly #recent = new Float64Array(CAPACITY);
  #samples = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  /** @param percent 0 … 100; anything else (a missing reading) is left out */
  record(percent: number): void {
    if (!(percent >= 0 && percent <= 100)) return;
    this.#recent[this.#samples % CAPACITY] = percent;
    this.#samples += 1;
    this.#sum += percent;
    this.#min = Math.min(this.#min, percent);
    this.#max = Math.max(this.#max, percent);
  }

  /**
   * @param recentSamples how many of the last samples to look at, 1 … 3600
   * @returns critical under 50 % on average, mild under 80 %, else none; none while there are too few samples
   */
  judge(recentSamples: number): BottleneckVerdict {
    const wanted = Math.min(CAPACITY, Math.max(1, Math.floor(recentSamples)));
    if (this.#samples < wanted) return { isBottleneck: false, severity: 'none', averageUtilization: 0 };
    let sum = 0;
    for (let back = 1; back <= wanted; back += 1) sum += this.#recent[(this.#samples - back) % CAPACITY] ?? 0;
    const averageUtilization = sum / wanted;
    const severity =
      averageUtilization < CRITICAL_BELOW ? 'critical' : averageUtilization < MILD_BELOW ? 'mild' : 'none';
    return { isBottleneck: severity !== 'none', severity, averageUtilization };
  }

  get summary(): UtilizationSummary {
    if (this.#samples === 0) return { average: null, min: null, max: null, samples: 0 };
    return { average: this.#sum / this.#samples, min: this.#min, max: this.#max, samples: this.#samples };
  }
}
