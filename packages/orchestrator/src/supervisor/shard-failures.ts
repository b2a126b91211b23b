/** Counts, per shard, the workers that ended at it with no pack finished in between. */
export class ShardFailures {
  static readonly limit = 6;
  readonly #failures = new Map<number, number>();

  /** @returns true when the shard has reached the limit */
  failed(shardId: number): boolean {
    const failures = (this.#failures.get(shardId) ?? 0) + 1;
    this.#failures.set(shardId, failures);
    return failures >= ShardFailures.limit;
  }

  progressed(shardId: number): void {
    this.#failures.delete(shardId);
  }
}
