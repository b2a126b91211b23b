import type { TranslationSettings } from '@virnucpro/protocol';

import { codonsBeforeStop, codonTable, STOPPED, translateCodons, type CodonTable } from './genetic-code.ts';
import type { Direction, Reading } from './strand.ts';

/** On the chunk, and on its reverse complement. */
export type FrameLabel = 'F1' | 'F2' | 'F3' | 'R1' | 'R2' | 'R3';

interface Frame {
  readonly label: FrameLabel;
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

/** A frame without a stop codon, or, with `orfs`, a piece of one between stop codons. */
export interface OpenFrame {
  readonly label: FrameLabel;
  /** With `orfs`: 1 + the stop codons before it in its frame, so it does not depend on `minResidues`. Else null. */
  readonly orf: number | null;
  /** `minResidues` at least; good until the next chunk. */
  readonly protein: Uint8Array;
  /** The bases that are written with the protein, as they are read: see `basesOf`. */
  readonly bases: Reading;
  /** Its codons, those that were dropped included, are sequence[start, end), on either strand. */
  readonly start: number;
  readonly end: number;
}

/** Translates chunks in all six frames, in room that is used again. */
export class SixFrames {
  readonly #settings: TranslationSettings;
  readonly #table: CodonTable;
  readonly #rooms: readonly Uint8Array[];

  /** @throws {RangeError} when there is no such genetic code */
  constructor(settings: TranslationSettings) {
    this.#settings = settings;
    this.#table = codonTable(settings.geneticCode);
    this.#rooms = FRAMES.map(() => new Uint8Array(Math.ceil(settings.chunkLength / 3)));
  }

  /**
   * The open frames of sequence[start, end), at most a chunk long. What has no residue (nothing but ambiguous codons) is
   * left out, too (prediction.py, lines 98 to 129).
   */
  translate(sequence: Uint8Array, start: number, end: number): OpenFrame[] {
    const open: OpenFrame[] = [];
    for (let index = 0; index < FRAMES.length; index += 1) {
      const frame = FRAMES[index] as Frame;
      const { direction, offset } = frame;
      const first = direction === 1 ? start + offset : end - 1 - offset;
      const reading = { sequence, first, bases: Math.max(0, end - start - offset), direction };
      const room = this.#rooms[index] as Uint8Array;
      if (this.#settings.orfs) this.#addPieces(open, frame, reading, room);
      else this.#addWhole(open, frame, reading, room);
    }
    return open;
  }

  #addWhole(open: OpenFrame[], { label }: Frame, reading: Reading, room: Uint8Array): void {
    const residues = translateCodons(reading, this.#table, room);
    if (residues === STOPPED || residues < this.#settings.minResidues) return;
    const protein = room.subarray(0, residues);
    open.push({ label, orf: null, protein, bases: basesOf(reading, residues), ...codonRange(reading) });
  }

  #addPieces(open: OpenFrame[], { label }: Frame, frame: Reading, room: Uint8Array): void {
    const { minResidues } = this.#settings;
    const { sequence, direction } = frame;
    let used = 0;
    let { first, bases } = frame;
    for (let orf = 1; bases >= 3; orf += 1) {
      const codons = codonsBeforeStop({ sequence, first, bases, direction }, this.#table);
      // Most pieces are short: they are not even translated.
      if (codons >= minResidues) {
        const piece = { sequence, first, bases: 3 * codons, direction };
        const protein = room.subarray(used);
        const residues = translateCodons(piece, this.#table, protein);
        if (residues >= minResidues) {
          used += residues;
          open.push({
            label,
            orf,
            protein: protein.subarray(0, residues),
            bases: piece,
            ...codonRange(piece),
          });
        }
      }
      first += 3 * (codons + 1) * direction;
      bases -= 3 * (codons + 1);
    }
  }
}

/**
 * The bases that go with a protein: one too many, unless the chunk ends, and counted from the residues, so that after
 * dropped codons they end before the frame does (units.py, lines 135 and 138). Kept: the models were trained on it.
 */
function basesOf(reading: Reading, residues: number): Reading {
  return { ...reading, bases: Math.min(1 + 3 * residues, reading.bases) };
}

function codonRange({ first, bases, direction }: Reading): Pick<OpenFrame, 'start' | 'end'> {
  const codonBases = bases - (bases % 3);
  return direction === 1
    ? { start: first, end: first + codonBases }
    : { start: first + 1 - codonBases, end: first + 1 };
}
