/** Where a run stood at one moment of an attempt; all but `ready` are sums so far, by rank. */
export interface TimelinePoint {
  /** Since the start of the attempt. */
  readonly atMs: number;
  /** Tokens computed. */
  readonly tokens: readonly number[];
  /** Time computed. */
  readonly busyMs: readonly number[];
  /** Time waited for packs. */
  readonly waitMs: readonly number[];
  /** Could the worker compute, or was it starting? */
  readonly ready: readonly boolean[];
}

const MOST_POINTS = 400;

/** The course of something in bounded memory: when it grows long, every second point goes and the steps double. */
export class Timeline<Point extends { readonly atMs: number }> {
  #points: Point[] = [];
  #stepMs: number;

  /** @param stepMs least time between two points at the beginning */
  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  get points(): readonly Point[] {
    return this.#points;
  }

  /** The last point; one that lies just before it gives way, because rates over an instant mean nothing. */
  end(point: Point): void {
    const last = this.#points.at(-1);
    if (this.#points.length > 1 && last !== undefined && point.atMs - last.atMs < this.#stepMs)
      this.#points.pop();
    this.#points.push(point);
  }

  add(point: Point): void {
    const last = this.#points.at(-1);
    if (last !== undefined && point.atMs - last.atMs < this.#stepMs) return;
    this.#points.push(point);
    if (this.#points.length <= MOST_POINTS) return;
    this.#points = this.#points.filter((_, index) => index % 2 === 0);
    this.#stepMs *= 2;
  }
}
