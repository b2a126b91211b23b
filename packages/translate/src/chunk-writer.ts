import type { TranslationSettings } from '@virnucpro/protocol';

import type { ChunkPlan } from './chunk-plan.ts';
import { frameProgram, type FrameProgram } from './frame-program.ts';
import { CHUNK_WORD } from './frame-id.ts';

/** A piece of each output file; good until the next is asked for. Files that are not wanted stay empty. */
export interface TranslatedBytes {
  /** The chunks, as in the input: case kept, 60 columns. */
  readonly chunks: Uint8Array;
  /** The bases of the open frames, in capitals, one line each. */
  readonly nucleotides: Uint8Array;
  /** The proteins of the open frames: the same ids in the same order, one line each. */
  readonly proteins: Uint8Array;
}

export type TranslationFile = keyof TranslatedBytes;

/** All files, or only the proteins: what is embedded. */
export type WantedFiles = 'all' | 'proteins';

/** In the order in which they get their names: the proteins come last, so who finds them finds all. */
export const TRANSLATION_FILES: Readonly<Record<WantedFiles, readonly TranslationFile[]>> = {
  all: ['chunks', 'nucleotides', 'proteins'],
  proteins: ['proteins'],
};

/** Room for each file. */
const ROOM_BYTES = 1024 * 1024;
const PAGE_BYTES = 65_536;
const CHUNK_WORD_BYTES = Buffer.from(CHUNK_WORD);
const RECORD_START = 0x3e;

/** Writes chunks and their open frames to the files, as bytes in memory. */
export class ChunkWriter {
  readonly #program: FrameProgram;
  readonly #chunkLength: number;
  readonly #files: readonly TranslationFile[];
  /** Address of the outputs, one behind the other, and behind them the start of the records' names. */
  readonly #start: number;
  #roomBytes = ROOM_BYTES;
  #memory: Uint8Array;

  /** @throws {RangeError} when there is no such genetic code */
  constructor(settings: TranslationSettings, wanted: WantedFiles) {
    this.#program = frameProgram(settings, wanted === 'proteins');
    this.#files = TRANSLATION_FILES[wanted];
    this.#chunkLength = settings.chunkLength;
    this.#start = this.#program.memory.buffer.byteLength;
    this.#memory = this.#reserve(this.#prefixStart);
    this.clear();
  }

  /** Frames written by now. */
  get frames(): number {
    return this.#program.framesWritten.value;
  }

  get isEmpty(): boolean {
    const { chunksBytes, proteinsBytes } = this.#program;
    return chunksBytes.value === 0 && proteinsBytes.value === 0;
  }

  /** What was written since `clear`; good until the next change. */
  get bytes(): TranslatedBytes {
    const { chunksBytes, nucleotidesBytes, proteinsBytes } = this.#program;
    const output = (file: TranslationFile, { value }: { readonly value: number }) => {
      const start = this.#startOf(file);
      return this.#memory.subarray(start, start + value);
    };
    return {
      chunks: output('chunks', chunksBytes),
      nucleotides: output('nucleotides', nucleotidesBytes),
      proteins: output('proteins', proteinsBytes),
    };
  }

  clear(): void {
    const [chunks, nucleotides] = [this.#startOf('chunks'), this.#startOf('nucleotides')];
    this.#program.placeOutputs(chunks, nucleotides, this.#startOf('proteins'), this.#roomBytes);
  }

  /** Chunks that are written from now on are of this record. */
  begin(id: Uint8Array): void {
    const start = this.#prefixStart;
    const bytes = 1 + id.length + CHUNK_WORD_BYTES.length;
    this.#memory = this.#reserve(start + bytes);
    this.#memory[start] = RECORD_START;
    this.#memory.set(id, start + 1);
    this.#memory.set(CHUNK_WORD_BYTES, start + 1 + id.length);
    this.#program.placePrefix(start, bytes);
  }

  /**
   * Writes chunks of the record, from `first` on.
   *
   * @returns how many: as many as fit in, and in what is looked at at once
   */
  write(sequence: Uint8Array, plan: ChunkPlan, first: number): number {
    const { WINDOW, WINDOW_BYTES, writeChunks } = this.#program;
    const count = Math.min(plan.count - first, Math.floor(WINDOW_BYTES.value / this.#chunkLength));
    const [start, end] = [plan.start(first), plan.end(first + count - 1)];
    this.#memory.set(sequence.subarray(start, end), WINDOW.value);
    const { overlap, longerOverlaps } = plan;
    return writeChunks(
      WINDOW.value,
      end - start,
      count,
      first + 1,
      this.#chunkLength,
      overlap,
      longerOverlaps,
    );
  }

  /** Makes room for the chunk that did not fit. Nothing may be written by now, and `begin` must be called again. */
  enlarge(): void {
    this.#roomBytes = this.#program.neededBytes.value;
    this.#memory = this.#reserve(this.#prefixStart);
    this.clear();
  }

  get #prefixStart(): number {
    return this.#outputStart(this.#files.length);
  }

  /** Of a file that is not wanted, and gets no byte: any place. */
  #startOf(file: TranslationFile): number {
    return this.#outputStart(Math.max(0, this.#files.indexOf(file)));
  }

  #outputStart(index: number): number {
    return this.#start + index * (this.#roomBytes + this.#program.SLACK.value);
  }

  /** @returns the memory, with room up to this address and the slack behind it */
  #reserve(end: number): Uint8Array {
    const { memory, SLACK } = this.#program;
    const missing = end + SLACK.value - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    return new Uint8Array(memory.buffer);
  }
}
