import { packFirstFitDecreasing } from './first-fit-decreasing.ts';
import type { Pack } from './pack.ts';

/** Tokens that the tokenizer puts around the residues: BOS and EOS. */
export const SPECIAL_TOKENS = 2;

/** Fill of full packs under which packing deserves a look, and under which something is wrong. */
export const PACKING_WARNING_BELOW = 0.85;
export const PACKING_ERROR_BELOW = 0.8;

export interface PackableSequence {
  readonly id: string;
  /** Residues, before truncation. */
  readonly residues: number;
  /** Position in the input; decides ties when every sequence has one, else ids do. */
  readonly ordinal?: number;
}

/** A sequence as it runs: `residues` after truncation, `tokens` with BOS and EOS. */
export type PackedSequence<T extends PackableSequence> = T & {
  readonly tokens: number;
  /** True when residues were cut off at the C-terminal end. */
  readonly truncated: boolean;
};

export interface RejectedSequence<T extends PackableSequence> {
  readonly sequence: T;
  readonly reason: 'empty' | 'too-long';
}

export interface GreedyPacking<T extends PackableSequence> {
  /** One forward pass each, longest sequence first; never empty. */
  readonly batches: PackedSequence<T>[][];
  readonly rejected: RejectedSequence<T>[];
}

export interface GreedyPackerLogger {
  debug(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface GreedyPackerOptions {
  /** Tokens per pack, BOS and EOS included. */
  readonly maxTokensPerBatch: number;
  /** Residues per sequence that the model takes. */
  readonly maxSequenceLength: number;
  /** What becomes of longer ones. Default truncate. */
  readonly longSequences?: 'truncate' | 'reject';
  readonly logger?: GreedyPackerLogger;
}

/**
 * Packs a buffer of sequences by first-fit decreasing (VirNucPro v2's name for the room; there it was next-fit).
 * Efficiency grows with the buffer: give it 2000 sequences or more at a time.
 */
export class GreedyPacker {
  readonly #options: GreedyPackerOptions;

  constructor(options: GreedyPackerOptions) {
    this.#options = options;
  }

  /**
   * Sorts by length descending (ties by ordinal, else id), truncates or rejects over-long sequences, rejects empty
   * ones, packs, and logs how full the packs are: error under 80 %, warning under 85 %, debug otherwise. The last
   * pack holds what is left over and is not judged.
   *
   * @returns the same packs for the same sequences in any order, as long as ordinals or ids differ
   * @throws {RangeError} residues are negative or not whole, or the budget is not a positive integer
   */
  packSequences<T extends PackableSequence>(sequences: readonly T[]): GreedyPacking<T> {
    const rejected: RejectedSequence<T>[] = [];
    const accepted: PackedSequence<T>[] = [];
    for (const sequence of sequences.toSorted(tieBreaker(sequences))) {
      const reason = this.#reasonToReject(sequence);
      if (reason === null) accepted.push(this.#prepare(sequence));
      else rejected.push({ sequence, reason });
    }
    const lengths = accepted.map(({ tokens }) => tokens);
    const packs = packFirstFitDecreasing(lengths, this.#options.maxTokensPerBatch);
    const batches = packs.map((pack) => sequencesOf(accepted, pack));
    this.#logEfficiency(batches, sequences.length);
    return { batches, rejected };
  }

  /** @returns tokens / (batches x budget); 0 for no batches */
  computeEfficiency(batches: readonly (readonly { readonly tokens: number }[])[]): number {
    if (batches.length === 0) return 0;
    const tokens = batches.flat().reduce((sum, sequence) => sum + sequence.tokens, 0);
    return tokens / (batches.length * this.#options.maxTokensPerBatch);
  }

  #reasonToReject({ residues }: PackableSequence): 'empty' | 'too-long' | null {
    if (residues === 0) return 'empty';
    const { longSequences, maxSequenceLength } = this.#options;
    return longSequences === 'reject' && residues > maxSequenceLength ? 'too-long' : null;
  }

  #prepare<T extends PackableSequence>(sequence: T): PackedSequence<T> {
    if (!Number.isSafeInteger(sequence.residues) || sequence.residues < 0) {
      throw new RangeError(
        `Sequence ${sequence.id} has ${sequence.residues} residues: a whole number is needed.`,
      );
    }
    const residues = Math.min(sequence.residues, this.#options.maxSequenceLength);
    const truncated = residues < sequence.residues;
    return { ...sequence, residues, tokens: residues + SPECIAL_TOKENS, truncated };
  }

  #logEfficiency(batches: readonly (readonly { readonly tokens: number }[])[], bufferSize: number): void {
    const { logger, maxTokensPerBatch } = this.#options;
    if (logger === undefined || batches.length === 0) return;
    const full = batches.slice(0, -1);
    const efficiency = this.computeEfficiency(full.length > 0 ? full : batches);
    const facts =
      `Packing efficiency is ${(efficiency * 100).toFixed(1)} % over ${full.length} full packs of ` +
      `${maxTokensPerBatch} tokens (buffer size ${bufferSize} sequences)`;
    if (full.length === 0 || efficiency >= PACKING_WARNING_BELOW) logger.debug(`${facts}.`);
    else if (efficiency >= PACKING_ERROR_BELOW)
      logger.warn(`${facts}, under 85 %. Consider a larger buffer.`);
    else logger.error(`${facts}, under 80 %: packing may be broken or buffer too small.`);
  }
}

function sequencesOf<T>(sequences: readonly T[], pack: Pack): T[] {
  return Array.from(pack.indices, (index) => sequences[index] as T);
}

/** Ordinals count only when all have one: a mix of two orders would not be an order. */
function tieBreaker(sequences: readonly PackableSequence[]) {
  const ordered = sequences.every(({ ordinal }) => ordinal !== undefined);
  return (a: PackableSequence, b: PackableSequence): number => {
    if (ordered && a.ordinal !== b.ordinal) return (a.ordinal ?? 0) - (b.ordinal ?? 0);
    return a.id < b.id ? -1 : Number(a.id > b.id);
  };
}
