import type { Pack } from './pack.ts';
import { assertTokenBudget, sumOfLengths } from './token-lengths.ts';

export interface OnlineBestFitOptions {
  /** Tokens per pack, BOS and EOS included. */
  readonly tokenBudget: number;
  /** Packs kept open at a time; more of them fill better and hold more sequences back. Default 64. */
  readonly openPacks?: number;
}

interface OpenPack {
  readonly indices: number[];
  tokens: number;
}

const DEFAULT_OPEN_PACKS = 64;

/**
 * Packs a stream whose end is not in sight: each sequence goes into the fullest of K open packs that has room. When
 * it fits in none and K are open, the fullest is closed. Deterministic: ties go to the pack opened first.
 * O(K) per sequence; it holds at most K packs. (K-bounded best fit: Csirik and Johnson 2001, "Bounded space on-line
 * bin packing: best is better than first".)
 */
export class OnlineBestFitPacker {
  readonly #tokenBudget: number;
  readonly #openPacks: number;
  #open: OpenPack[] = [];
  #nextIndex = 0;

  /** @throws {RangeError} the budget or the number of open packs is not a positive integer */
  constructor({ tokenBudget, openPacks = DEFAULT_OPEN_PACKS }: OnlineBestFitOptions) {
    assertTokenBudget(tokenBudget);
    if (!Number.isSafeInteger(openPacks) || openPacks <= 0) {
      throw new RangeError(`The number of open packs is ${openPacks}: it must be a positive integer.`);
    }
    this.#tokenBudget = tokenBudget;
    this.#openPacks = openPacks;
  }

  /**
   * Takes the next sequence; its index is the number of sequences taken before it.
   *
   * @param tokens its length, BOS and EOS included; over the budget it gets a pack of its own
   * @returns the packs that are finished by it, most often none
   * @throws {RangeError} the length is not a positive integer
   */
  add(tokens: number): Pack[] {
    sumOfLengths([tokens]);
    const index = this.#nextIndex;
    this.#nextIndex += 1;
    if (tokens >= this.#tokenBudget) return [closed({ indices: [index], tokens })];
    const chosen = fullest(this.#open, this.#tokenBudget - tokens);
    if (chosen === undefined) return this.#openFor(index, tokens);
    chosen.indices.push(index);
    chosen.tokens += tokens;
    return chosen.tokens === this.#tokenBudget ? [this.#close(chosen)] : [];
  }

  /** @returns all packs still open, in order of opening; the packer can go on afterwards */
  flush(): Pack[] {
    const packs = this.#open.map(closed);
    this.#open = [];
    return packs;
  }

  #openFor(index: number, tokens: number): Pack[] {
    const full = this.#open.length === this.#openPacks ? fullest(this.#open, this.#tokenBudget) : undefined;
    const finished = full === undefined ? [] : [this.#close(full)];
    this.#open.push({ indices: [index], tokens });
    return finished;
  }

  #close(pack: OpenPack): Pack {
    this.#open.splice(this.#open.indexOf(pack), 1);
    return closed(pack);
  }
}

function fullest(packs: readonly OpenPack[], mostTokens: number): OpenPack | undefined {
  let best: OpenPack | undefined;
  for (const pack of packs) {
    if (pack.tokens <= mostTokens && pack.tokens > (best?.tokens ?? 0)) best = pack;
  }
  return best;
}

function closed({ indices, tokens }: OpenPack): Pack {
  return { indices: Uint32Array.from(indices), tokens };
}
