import type { TranslationSettings } from '@virnucpro/protocol';

import { frameProgram, type FrameProgram } from './frame-program.ts';

/** On the chunk, and on its reverse complement, in the order of the output. */
const LABELS = ['F1', 'F2', 'F3', 'R1', 'R2', 'R3'] as const;

export type FrameLabel = (typeof LABELS)[number];

/** A frame without a stop codon, or, with `orfs`, a piece of one between stop codons. */
export interface OpenFrame {
  readonly label: FrameLabel;
  /** With `orfs`: 1 + the stop codons before it in its frame, so it does not depend on `minResidues`. Else null. */
  readonly orf: number | null;
  /** `minResidues` at least; good until the next chunk. */
  readonly protein: Uint8Array;
  /** Its codons, those that were dropped included, are sequence[start, end), on either strand. */
  readonly start: number;
  readonly end: number;
}

/** Translates chunks in all six frames, in room that is used again. */
export class SixFrames {
  readonly #program: FrameProgram;
  readonly #memory: Uint8Array;
  readonly #frames: Int32Array;

  /** @throws {RangeError} when there is no such genetic code */
  constructor(settings: TranslationSettings) {
    this.#program = frameProgram(settings);
    const { buffer } = this.#program.memory;
    this.#memory = new Uint8Array(buffer);
    this.#frames = new Int32Array(buffer, this.#program.FRAMES.value);
  }

  /**
   * The open frames of sequence[start, end), at most a chunk long. What has no residue (nothing but ambiguous codons) is
   * left out, too (prediction.py, lines 98 to 129).
   */
  translate(sequence: Uint8Array, start: number, end: number): OpenFrame[] {
    const { WINDOW, openFrames } = this.#program;
    this.#memory.set(sequence.subarray(start, end), WINDOW.value);
    const count = openFrames(WINDOW.value, end - start);
    return Array.from({ length: count }, (_, index) => this.#frame(index, start));
  }

  #frame(index: number, chunkStart: number): OpenFrame {
    const { FRAME_INTS, PROTEINS } = this.#program;
    const from = index * FRAME_INTS.value;
    const numbers = this.#frames.subarray(from, from + FRAME_INTS.value);
    const [label = 0, orf = 0, first = 0, codonBases = 0, , protein = 0, residues = 0] = numbers;
    const proteinStart = PROTEINS.value + protein;
    const firstBase = chunkStart + first;
    const start = label < 3 ? firstBase : firstBase + 1 - codonBases;
    return {
      label: LABELS[label] ?? 'F1',
      orf: orf === 0 ? null : orf,
      protein: this.#memory.subarray(proteinStart, proteinStart + residues),
      start,
      end: start + codonBases,
    };
  }
}
