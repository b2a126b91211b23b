import { buildCuSeqlens, packBestFitDecreasing, packOnePerSequence, type Pack } from '@virnucpro/packing';

import type { PackedBatch } from './packed-batch.ts';

/** One tokenized sequence, BOS and EOS included; `tokens` may be a view. */
export interface TokenizedSequence {
  readonly id: string;
  readonly recordIndex: number;
  readonly tokens: Uint8Array;
}

export interface VarlenCollatorOptions {
  /** Tokens per pack, BOS and EOS included. */
  readonly tokenBudget: number;
  readonly enablePacking: boolean;
  /** Sequences collected before they are packed together; a whole shard when it fits. */
  readonly bufferSize?: number;
}

const DEFAULT_BUFFER_SIZE = 2000;

/**
 * Collects tokenized sequences, packs each full buffer without padding and lays the packs out for the device.
 * While the stream goes on, the emptiest pack of a buffer goes back to be filled up; `flush` packs all that
 * remains. Deterministic: the packs depend on the sequences, their order and the options alone.
 */
export class VarlenCollator {
  readonly #tokenBudget: number;
  readonly #enablePacking: boolean;
  readonly #bufferSize: number;
  #buffer: TokenizedSequence[] = [];
  #nextPackIndex = 0;

  constructor(options: VarlenCollatorOptions) {
    this.#tokenBudget = options.tokenBudget;
    this.#enablePacking = options.enablePacking;
    this.#bufferSize = Math.max(1, options.bufferSize ?? DEFAULT_BUFFER_SIZE);
  }

  /** Takes one sequence; returns the packs that became ready, most often none. */
  add(sequence: TokenizedSequence): PackedBatch[] {
    this.#buffer.push(sequence);
    if (this.#buffer.length < this.#bufferSize) return [];
    const packs = this.#packBuffer();
    const held = this.#enablePacking && packs.length > 1 ? takeEmptiest(packs) : null;
    const batches = packs.map((pack) => this.#layOut(pack, false));
    this.#buffer = held === null ? [] : sequencesOf(this.#buffer, held);
    return batches;
  }

  /** Packs what remains; the collator is empty afterwards and loses nothing. */
  flush(): PackedBatch[] {
    const packs = this.#packBuffer();
    const batches = packs.map((pack, position) => this.#layOut(pack, position === packs.length - 1));
    this.#buffer = [];
    return batches;
  }

  #packBuffer(): Pack[] {
    const lengths = Uint32Array.from(this.#buffer, ({ tokens }) => tokens.length);
    return this.#enablePacking
      ? packBestFitDecreasing(lengths, this.#tokenBudget)
      : packOnePerSequence(lengths);
  }

  #layOut(pack: Pack, isLastOfShard: boolean): PackedBatch {
    const sequences = sequencesOf(this.#buffer, pack);
    const packIndex = this.#nextPackIndex;
    this.#nextPackIndex += 1;
    return layOutPack(sequences, packIndex, isLastOfShard);
  }
}

function takeEmptiest(packs: Pack[]): Pack | null {
  let emptiest = 0;
  packs.forEach((pack, position) => {
    if (pack.tokens <= (packs[emptiest] as Pack).tokens) emptiest = position;
  });
  return packs.splice(emptiest, 1)[0] ?? null;
}

function sequencesOf(buffer: readonly TokenizedSequence[], pack: Pack): TokenizedSequence[] {
  return Array.from(pack.indices, (index) => buffer[index] as TokenizedSequence);
}

/** Copies the sequences of one pack into arrays of their own (see PackedBatch). */
export function layOutPack(
  sequences: readonly TokenizedSequence[],
  packIndex: number,
  isLastOfShard: boolean,
): PackedBatch {
  const lengths = sequences.map(({ tokens }) => tokens.length);
  const numTokens = lengths.reduce((sum, length) => sum + length, 0);
  const maxSeqlen = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  const { inputIds, positionIds, cuSeqlens } = allocatePack(numTokens, sequences.length);
  cuSeqlens.set(buildCuSeqlens(lengths));
  const positions = positionRamp(maxSeqlen);
  sequences.forEach(({ tokens }, index) => {
    const start = cuSeqlens[index] as number;
    inputIds.set(tokens, start);
    positionIds.set(positions.subarray(0, tokens.length), start);
  });
  return {
    packIndex,
    inputIds,
    positionIds,
    cuSeqlens,
    maxSeqlen,
    sequenceIds: sequences.map(({ id }) => id),
    numSequences: sequences.length,
    numTokens,
    recordIndices: Uint32Array.from(sequences, ({ recordIndex }) => recordIndex),
    isLastOfShard,
  };
}

/** The widest elements come first, so that every view is aligned. */
function allocatePack(numTokens: number, numSequences: number) {
  const positionBytes = numTokens * BigInt64Array.BYTES_PER_ELEMENT;
  const seqlenBytes = (numSequences + 1) * Int32Array.BYTES_PER_ELEMENT;
  const buffer = new ArrayBuffer(positionBytes + seqlenBytes + numTokens);
  return {
    positionIds: new BigInt64Array(buffer, 0, numTokens),
    cuSeqlens: new Int32Array(buffer, positionBytes, numSequences + 1),
    inputIds: new Uint8Array(buffer, positionBytes + seqlenBytes, numTokens),
  };
}

let ramp = new BigInt64Array(0);

/** 0, 1, 2, … kept between packs: copying it is far cheaper than counting in BigInt. */
function positionRamp(length: number): BigInt64Array {
  if (ramp.length < length)
    ramp = BigInt64Array.from({ length: length * 2 }, (_, position) => BigInt(position));
  return ramp;
}
