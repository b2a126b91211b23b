import type { Shard } from '@virnucpro/protocol';

/**
 * How many tokens the run has. Of proteins the scan knows it; of nucleotide records it expects a number, which is
 * corrected by what the shards that are done turned out to hold. Pure.
 */
export class TokenForecast {
  /** Expected of shards that are not done. */
  readonly #open = new Map<number, number>();
  #openTokens = 0;
  #doneExpected = 0;
  #doneTokens = 0;

  scanned({ shardId, tokens }: Pick<Shard, 'shardId' | 'tokens'>): void {
    this.#open.set(shardId, tokens);
    this.#openTokens += tokens;
  }

  /** @param tokens that the shard really has */
  done(shardId: number, tokens: number): void {
    const expected = this.#open.get(shardId) ?? 0;
    this.#open.delete(shardId);
    this.#openTokens -= expected;
    this.#doneExpected += expected;
    this.#doneTokens += tokens;
  }

  /** Of all shards scanned so far. */
  get total(): number {
    const scale = this.#doneExpected > 0 ? this.#doneTokens / this.#doneExpected : 1;
    return this.#doneTokens + Math.round(this.#openTokens * scale);
  }
}
