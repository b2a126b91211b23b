import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { TranslationSettings } from '@virnucpro/protocol';
import {
  WebAssembly,
  type WebAssemblyGlobal,
  type WebAssemblyMemory,
  type WebAssemblyModule,
} from '@virnucpro/protocol/webassembly';

import { AMINO_ACIDS_BY_CODE } from './genetic-codes.ts';

/** Built from assembly/six-frames.ts; found by its package, from wherever this file is bundled into. */
const PROGRAM = createRequire(import.meta.url).resolve('@virnucpro/translate/six-frames.wasm');

/** What assembly/six-frames.ts exports; addresses are offsets in `memory`. */
export interface FrameProgram {
  readonly memory: WebAssemblyMemory;
  readonly WINDOW: WebAssemblyGlobal;
  readonly WINDOW_BYTES: WebAssemblyGlobal;
  readonly SLACK: WebAssemblyGlobal;
  readonly MAX_CHUNK: WebAssemblyGlobal;
  readonly AMINO_ACIDS: WebAssemblyGlobal;
  readonly FRAMES: WebAssemblyGlobal;
  readonly FRAME_INTS: WebAssemblyGlobal;
  readonly PROTEINS: WebAssemblyGlobal;
  readonly chunksBytes: WebAssemblyGlobal;
  readonly nucleotidesBytes: WebAssemblyGlobal;
  readonly proteinsBytes: WebAssemblyGlobal;
  readonly framesWritten: WebAssemblyGlobal;
  readonly neededBytes: WebAssemblyGlobal;
  readonly prepare: (minResidues: number, orfs: boolean, onlyProteins: boolean) => void;
  readonly openFrames: (at: number, bases: number) => number;
  readonly placeOutputs: (chunks: number, nucleotides: number, proteins: number, bytes: number) => void;
  readonly placePrefix: (address: number, bytes: number) => void;
  readonly writeChunks: (
    at: number,
    bases: number,
    count: number,
    number: number,
    chunkLength: number,
    overlap: number,
    longerOverlaps: number,
  ) => number;
}

/**
 * A program with memory of its own, ready for one kind of translation.
 *
 * @param onlyProteins `writeChunks` leaves the other outputs empty
 * @throws {RangeError} no such genetic code: see GENETIC_CODES
 */
export function frameProgram(
  { geneticCode, minResidues, orfs }: TranslationSettings,
  onlyProteins = false,
): FrameProgram {
  const aminoAcids = AMINO_ACIDS_BY_CODE.get(geneticCode);
  if (aminoAcids === undefined) throw new RangeError(`NCBI has no genetic code ${geneticCode}`);
  compiled ??= new WebAssembly.Module(readFileSync(PROGRAM));
  const program = new WebAssembly.Instance(compiled).exports as FrameProgram;
  new Uint8Array(program.memory.buffer).set(Buffer.from(aminoAcids), program.AMINO_ACIDS.value);
  // No frame is longer than its chunk, and the program counts in 32 bits.
  program.prepare(Math.min(minResidues, program.MAX_CHUNK.value), orfs, onlyProteins);
  return program;
}

let compiled: WebAssemblyModule | undefined;
