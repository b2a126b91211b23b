/** Where a run stood at one moment of an attempt. */
export interface TimelinePoint {
  /** Since the start of the attempt. */
  readonly atMs: number;
  /** Tokens computed so far, by rank. */
  readonly tokens: readonly number[];
  /** Time computed so far, by rank. */
  readonly busyMs: readonly number[];
}

const MOST_POINTS = 400;

/** The course of a run in bounded memory: when it grows long, every second point goes and the steps double. */
export class Timeline {
  #points: TimelinePoint[] = [];
  #stepMs: number;

  /** @param stepMs least time between two points at the beginning */
  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  get points(): readonly TimelinePoint[] {
    return this.#points;
  }

  add(point: TimelinePoint): void {
    const last = this.#points.at(-1);
    if (last !== undefined && point.atMs - last.atMs < this.#stepMs) return;
    this.#points.push(point);
    if (this.#points.length <= MOST_POINTS) return;
    this.#points = this.#points.filter((_, index) => index % 2 === 0);
    this.#stepMs *= 2;
  }
}
