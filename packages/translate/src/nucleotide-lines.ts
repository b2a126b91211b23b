import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import {
  WebAssembly,
  type WebAssemblyGlobal,
  type WebAssemblyMemory,
  type WebAssemblyModule,
} from '@virnucpro/protocol/webassembly';

import { LETTER_CLASS, LETTER_CLASSES } from './nucleotide-letters.ts';

/** Built from assembly/nucleotide-lines.ts; found by its package, from wherever this file is bundled into. */
const PROGRAM = createRequire(import.meta.url).resolve('@virnucpro/translate/nucleotide-lines.wasm');

interface Program {
  readonly memory: WebAssemblyMemory;
  readonly BUFFER_BYTES: WebAssemblyGlobal;
  readonly INPUT: WebAssemblyGlobal;
  readonly BASES: WebAssemblyGlobal;
  readonly ROWS_OF_LOW_NIBBLE: WebAssemblyGlobal;
  readonly position: WebAssemblyGlobal;
  readonly lines: WebAssemblyGlobal;
  readonly compact: (from: number, to: number) => number;
}

/** Bases, and what was read to find them. */
export interface BaseRun {
  /** Good until the next run is taken. */
  readonly bases: Uint8Array;
  /** Index of the first byte that was not taken. */
  readonly end: number;
  readonly lineEnds: number;
}

/** Takes the lines of a sequence that are nothing but bases, 16 bytes at a time. */
export class NucleotideLines {
  readonly #program: Program;
  readonly #memory: Uint8Array;
  /** What of the bytes lies in the program's memory: [from, to). */
  #from = 0;
  #to = 0;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(PROGRAM));
    this.#program = new WebAssembly.Instance(compiled).exports as Program;
    this.#memory = new Uint8Array(this.#program.memory.buffer);
    const rows = this.#program.ROWS_OF_LOW_NIBBLE.value;
    for (const [byte, letterClass] of LETTER_CLASSES.entries()) {
      if (letterClass !== LETTER_CLASS.base) continue;
      const row = rows + (byte & 15);
      this.#memory[row] = (this.#memory[row] ?? 0) | (1 << (byte >> 4));
    }
  }

  /** The bytes given from now on are others. */
  forget(): void {
    this.#to = 0;
  }

  /**
   * Takes bases and line ends (LF and CR LF) up to the first other byte, or for as long as there is room.
   *
   * @param bytes the same for all calls, until `forget`
   * @param from index of a base
   */
  take(bytes: Uint8Array, from: number): BaseRun {
    const { INPUT, BUFFER_BYTES, BASES, compact, position, lines } = this.#program;
    if (from < this.#from || from >= this.#to) {
      this.#from = from;
      this.#to = Math.min(bytes.length, from + BUFFER_BYTES.value);
      this.#memory.set(bytes.subarray(this.#from, this.#to), INPUT.value);
    }
    const count = compact(from - this.#from, this.#to - this.#from);
    return {
      bases: this.#memory.subarray(BASES.value, BASES.value + count),
      end: this.#from + position.value,
      lineEnds: lines.value,
    };
  }
}

let compiled: WebAssemblyModule | undefined;
