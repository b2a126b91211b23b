/** Lets a few writes be under way at a time: whoever adds one more waits for the oldest. */
export class BoundedWrites {
  readonly #limit: number;
  readonly #underWay: Promise<void>[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Resolves when there is room for another.
   *
   * @throws what the oldest write threw
   */
  async add(write: Promise<void>): Promise<void> {
    // Its error surfaces when its turn comes.
    write.catch(() => undefined);
    this.#underWay.push(write);
    if (this.#underWay.length >= this.#limit) await this.#underWay.shift();
  }

  /** @throws what the first of the writes left threw */
  async drained(): Promise<void> {
    while (this.#underWay.length > 0) await this.#underWay.shift();
  }
}
