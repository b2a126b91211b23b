import type { TranslationSettings } from '@virnucpro/protocol';

import { ByteBuffer } from './byte-buffer.ts';
import { planChunks } from './chunk-plan.ts';
import { writeBases, writeHeader, writeLine, writeWrapped } from './fasta-writer.ts';
import { frameSuffix } from './frame-id.ts';
import type { NucleotideRecord } from './nucleotide-reader.ts';
import { SixFrames } from './six-frames.ts';

/** A piece of each output file; good until the next is asked for. */
export interface TranslatedBytes {
  /** The chunks, as in the input: case kept, 60 columns. */
  readonly chunks: Uint8Array;
  /** The bases of the open frames, in capitals, one line each. */
  readonly nucleotides: Uint8Array;
  /** The proteins of the open frames: the same ids in the same order, one line each. */
  readonly proteins: Uint8Array;
}

export interface TranslationTotals {
  /** With those that are empty. */
  readonly records: number;
  readonly emptyRecords: number;
  readonly bases: number;
  readonly chunks: number;
  /** Open frames, or pieces of frames: the records of both frame files. */
  readonly frames: number;
}

const BATCH_BYTES = 1024 * 1024;

/** Records in, the bytes of VirNucPro's three files out. Pure; memory for about 1 MiB of output. */
export class RecordTranslator {
  readonly #settings: TranslationSettings;
  readonly #sixFrames: SixFrames;
  readonly #chunks = new ByteBuffer();
  readonly #nucleotides = new ByteBuffer();
  readonly #proteins = new ByteBuffer();
  readonly #totals = { records: 0, emptyRecords: 0, bases: 0, chunks: 0, frames: 0 };

  /** @throws {RangeError} when there is no such genetic code */
  constructor(settings: TranslationSettings) {
    this.#settings = settings;
    this.#sixFrames = new SixFrames(settings);
  }

  get totals(): TranslationTotals {
    return { ...this.#totals };
  }

  /** Takes one record; yields what has gathered whenever that is enough for a write, also in the middle of it. */
  *add({ id, sequence }: NucleotideRecord): Generator<TranslatedBytes, void> {
    const plan = planChunks(sequence.length, this.#settings.chunkLength);
    this.#totals.records += 1;
    this.#totals.bases += sequence.length;
    this.#totals.chunks += plan.count;
    if (plan.count === 0) this.#totals.emptyRecords += 1;
    for (let index = 0; index < plan.count; index += 1) {
      this.#addChunk(id, index + 1, sequence, plan.start(index), plan.end(index));
      if (this.#chunks.length >= BATCH_BYTES || this.#nucleotides.length >= BATCH_BYTES) yield* this.flush();
    }
  }

  /** Yields what has gathered since the last yield, if anything. */
  *flush(): Generator<TranslatedBytes, void> {
    if (this.#chunks.length === 0) return;
    yield { chunks: this.#chunks.view, nucleotides: this.#nucleotides.view, proteins: this.#proteins.view };
    for (const buffer of [this.#chunks, this.#nucleotides, this.#proteins]) buffer.clear();
  }

  #addChunk(id: Uint8Array, number: number, sequence: Uint8Array, start: number, end: number): void {
    writeHeader(this.#chunks, id, number);
    writeWrapped(this.#chunks, sequence, start, end);
    for (const frame of this.#sixFrames.translate(sequence, start, end)) {
      const suffix = frameSuffix(frame);
      writeHeader(this.#nucleotides, id, number, suffix);
      writeBases(this.#nucleotides, frame.bases);
      writeHeader(this.#proteins, id, number, suffix);
      writeLine(this.#proteins, frame.protein);
      this.#totals.frames += 1;
    }
  }
}
