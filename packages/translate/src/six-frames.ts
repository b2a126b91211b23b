import { STOPPED, translateCodons } from './genetic-code.ts';
import { copyBases, type Direction, type Reading } from './strand.ts';

interface Frame {
  readonly label: string;
  readonly direction: Direction;
  /** Bases before the first codon. */
  readonly offset: number;
}

/** In the order of the output: on the chunk, then on its reverse complement. */
const FRAMES: readonly Frame[] = [
  { label: 'F1', direction: 1, offset: 0 },
  { label: 'F2', direction: 1, offset: 1 },
  { label: 'F3', direction: 1, offset: 2 },
  { label: 'R1', direction: -1, offset: 0 },
  { label: 'R2', direction: -1, offset: 1 },
  { label: 'R3', direction: -1, offset: 2 },
];

/** A frame without a stop codon; its bytes are good until the next chunk. */
export interface OpenFrame {
  /** F1, F2, F3, R1, R2 or R3. */
  readonly label: string;
  /** What VirNucPro gives DNABERT-S for this frame, in capitals: see `basesOf`. */
  readonly nucleotides: Uint8Array;
  /** One residue at least. */
  readonly protein: Uint8Array;
}

/** Where the bytes of one frame go. */
interface Room {
  readonly nucleotides: Uint8Array;
  readonly protein: Uint8Array;
}

/** Translates chunks in all six frames, in room that is used again. */
export class SixFrames {
  readonly #rooms: readonly Room[];

  /** @param maxBases length of the longest chunk */
  constructor(maxBases: number) {
    this.#rooms = FRAMES.map(() => ({
      nucleotides: new Uint8Array(maxBases),
      protein: new Uint8Array(Math.ceil(maxBases / 3)),
    }));
  }

  /**
   * The open frames of sequence[start, end), at most `maxBases` long. A frame of nothing but ambiguous codons has no
   * protein and is left out, too (prediction.py, lines 98 to 129).
   */
  translate(sequence: Uint8Array, start: number, end: number): OpenFrame[] {
    const open: OpenFrame[] = [];
    for (let index = 0; index < FRAMES.length; index += 1) {
      const { label, direction, offset } = FRAMES[index] as Frame;
      const { nucleotides, protein } = this.#rooms[index] as Room;
      const first = direction === 1 ? start + offset : end - 1 - offset;
      const reading = { sequence, first, bases: Math.max(0, end - start - offset), direction };
      const residues = translateCodons(reading, protein);
      if (residues === STOPPED || residues === 0) continue;
      // Only now, because most frames of most chunks have a stop early on.
      const bases = copyBases(basesOf(reading, residues), nucleotides);
      open.push({ label, nucleotides: bases, protein: protein.subarray(0, residues) });
    }
    return open;
  }
}

/**
 * The bases that go with a protein: one too many, unless the chunk ends, and counted from the residues, so that after
 * dropped codons they end before the frame does (units.py, lines 135 and 138). Kept: the models were trained on it.
 */
function basesOf(reading: Reading, residues: number): Reading {
  return { ...reading, bases: Math.min(1 + 3 * residues, reading.bases) };
}
