/** How long a pack may take before its worker counts as hung. */
export interface HangLimits {
  /** While no pack was computed yet: a large model on a slow CPU takes minutes. */
  readonly firstPackMs: number;
  /** Never less than this, whatever the packs before took. */
  readonly leastMs: number;
  /** Times the slowest so far. */
  readonly factor: number;
}

export const DEFAULT_HANG_LIMITS: HangLimits = { firstPackMs: 30 * 60_000, leastMs: 60_000, factor: 20 };

/**
 * What packs of this run take, over all workers. A worker's main thread answers also while its session thread is
 * stuck in the device, so the time in the present pack is what tells. Pure.
 */
export class PackTimes {
  readonly #limits: HangLimits;
  #slowestMs = 0;

  constructor(limits: HangLimits = DEFAULT_HANG_LIMITS) {
    this.#limits = limits;
  }

  /** @param busyMs time that `packs` packs took together */
  observe(packs: number, busyMs: number): void {
    if (packs > 0) this.#slowestMs = Math.max(this.#slowestMs, busyMs / packs);
  }

  get limitMs(): number {
    const { firstPackMs, leastMs, factor } = this.#limits;
    return this.#slowestMs === 0 ? firstPackMs : Math.max(leastMs, factor * this.#slowestMs);
  }
}

/** A limit that a person set: it holds from the first pack on. */
export function fixedHangLimits(limitMs: number): HangLimits {
  return { firstPackMs: limitMs, leastMs: limitMs, factor: 0 };
}
