import type { RecordOrigin } from '@virnucpro/checkpoint/worker';

import type { TokenizeOptions } from './tokenize-shard.ts';
import type { RecordRejection, TokenizedShard } from './tokenized-shard.ts';

const SPECIAL_TOKENS = 2;
const FIRST_BYTES = 64 * 1024;

/** The sequences of a shard whose number is known only at its end. */
export class SequenceTable {
  readonly #options: TokenizeOptions;
  readonly #ids: string[] = [];
  readonly #origins: RecordOrigin[] = [];
  readonly #offsets: number[] = [0];
  readonly #truncated: number[] = [];
  #rejections: RecordRejection[] = [];
  #tokens = new Uint8Array(FIRST_BYTES);
  #end = 0;

  constructor(options: TokenizeOptions) {
    this.#options = options;
  }

  /** Sequences so far, rejected ones included. */
  get length(): number {
    return this.#ids.length;
  }

  /** Adds a protein, cut or rejected when it is too long. @param protein one residue at least, all of them letters of the model */
  add(id: string, protein: Uint8Array, origin: RecordOrigin): void {
    const { tokenizer, maxResidues, longSequences } = this.#options;
    if (protein.length > maxResidues && longSequences === 'reject') {
      const detail = `${protein.length} residues, at most ${maxResidues} allowed`;
      this.addRejected(id, origin, { reason: 'too-long', detail });
      return;
    }
    const residues = Math.min(protein.length, maxResidues);
    this.#reserve(residues + SPECIAL_TOKENS);
    const tokens = this.#tokens;
    tokens[this.#end] = tokenizer.bosId;
    for (let index = 0; index < residues; index += 1)
      tokens[this.#end + 1 + index] = tokenizer.tokenOf[protein[index] as number] as number;
    tokens[this.#end + 1 + residues] = tokenizer.eosId;
    this.#end += residues + SPECIAL_TOKENS;
    this.#close(id, origin, residues < protein.length);
  }

  /** Adds what is no sequence to be computed, and why. */
  addRejected(id: string, origin: RecordOrigin, why: Pick<RecordRejection, 'reason' | 'detail'>): void {
    this.#rejections.push({ recordIndex: this.length, ...why });
    this.#close(id, origin, false);
  }

  /** Takes back all but the first `length`. */
  cutBack(length: number): void {
    this.#ids.length = length;
    this.#origins.length = length;
    this.#truncated.length = length;
    this.#offsets.length = length + 1;
    this.#end = this.#offsets[length] as number;
    this.#rejections = this.#rejections.filter(({ recordIndex }) => recordIndex < length);
  }

  finish(): TokenizedShard {
    return {
      ids: this.#ids,
      tokens: this.#tokens.slice(0, this.#end),
      tokenOffsets: Uint32Array.from(this.#offsets),
      truncated: Uint8Array.from(this.#truncated),
      rejections: this.#rejections,
      origins: this.#origins,
    };
  }

  #close(id: string, origin: RecordOrigin, isTruncated: boolean): void {
    this.#ids.push(id);
    this.#origins.push(origin);
    this.#truncated.push(isTruncated ? 1 : 0);
    this.#offsets.push(this.#end);
  }

  #reserve(count: number): void {
    const needed = this.#end + count;
    if (needed <= this.#tokens.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#tokens.length));
    larger.set(this.#tokens.subarray(0, this.#end));
    this.#tokens = larger;
  }
}
