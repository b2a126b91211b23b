import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import {
  WebAssembly,
  type WebAssemblyGlobal,
  type WebAssemblyMemory,
  type WebAssemblyModule,
} from '@virnucpro/protocol/webassembly';

import { BYTE_CLASS } from './byte-classes.ts';
import type { PlainRows, RecordBatch } from './record-batch.ts';
import type { ScanTables } from './scan-tables.ts';

/** Built from assembly/plain-records.ts; found by its package, from wherever this file is bundled into. */
const PROGRAM = createRequire(import.meta.url).resolve('@virnucpro/fasta/plain-records.wasm');

/** What assembly/plain-records.ts exports; addresses are offsets in `memory`. */
interface Program {
  readonly memory: WebAssemblyMemory;
  readonly BUFFERS: WebAssemblyGlobal;
  readonly BUFFER_BYTES: WebAssemblyGlobal;
  readonly MAX_ROWS: WebAssemblyGlobal;
  readonly START: WebAssemblyGlobal;
  readonly END: WebAssemblyGlobal;
  readonly LINE: WebAssemblyGlobal;
  readonly RESIDUES: WebAssemblyGlobal;
  readonly HASH_LOW: WebAssemblyGlobal;
  readonly HASH_HIGH: WebAssemblyGlobal;
  readonly CLASSES: WebAssemblyGlobal;
  readonly ROWS_OF_LOW_NIBBLE: WebAssemblyGlobal;
  readonly position: WebAssemblyGlobal;
  readonly line: WebAssemblyGlobal;
  readonly scan: (from: number, to: number, fileOffset: number, firstLine: number) => number;
}

/** Where bytes of a file lie. */
export interface Place {
  /** Of the bytes' first, in the file. */
  readonly fileOffset: number;
  /** Line of the byte at which to begin, from 1. */
  readonly line: number;
}

/**
 * Finds records of nothing but residues, blanks and a `*` at the end, 16 bytes a step; about three times as fast
 * as RecordScanner, which alone knows the whole grammar and reads all others.
 */
export class PlainRecords {
  /** The bytes to scan lie in one of these, at its start. */
  readonly buffers: readonly [Uint8Array, Uint8Array];
  /** Line of the byte at which the last call stopped. */
  line = 0;

  readonly #program: Program;
  readonly #memory: ArrayBuffer;
  readonly #rows: PlainRows;

  /**
   * @param tables residues must be ASCII, as letters are
   * @param chunkBytes size of a buffer, at most 1 MiB
   */
  constructor(tables: ScanTables, chunkBytes: number) {
    compiled ??= new WebAssembly.Module(readFileSync(PROGRAM));
    const program = new WebAssembly.Instance(compiled).exports as Program;
    const { buffer } = program.memory;
    this.buffers = [
      new Uint8Array(buffer, program.BUFFERS.value, chunkBytes),
      new Uint8Array(buffer, program.BUFFERS.value + program.BUFFER_BYTES.value, chunkBytes),
    ];
    const floats = ({ value }: WebAssemblyGlobal) => new Float64Array(buffer, value, program.MAX_ROWS.value);
    const integers = ({ value }: WebAssemblyGlobal) => new Int32Array(buffer, value, program.MAX_ROWS.value);
    this.#rows = {
      start: floats(program.START),
      end: floats(program.END),
      line: floats(program.LINE),
      residues: floats(program.RESIDUES),
      hashLow: integers(program.HASH_LOW),
      hashHigh: integers(program.HASH_HIGH),
    };
    this.#program = program;
    this.#memory = buffer;
    writeClasses(program, tables.classes);
  }

  owns(bytes: Uint8Array): boolean {
    return bytes.buffer === this.#memory;
  }

  /**
   * Adds the plain records that begin at `bytes[from]` and end in `bytes`.
   *
   * @param bytes in one of `buffers`
   * @param from index of a '>'
   * @returns index of the '>' of the first record that was not added
   */
  take(bytes: Uint8Array, from: number, place: Place, batch: RecordBatch): number {
    const { scan, position, line } = this.#program;
    const address = bytes.byteOffset;
    let at = from;
    this.line = place.line;
    for (;;) {
      const rows = scan(address + at, address + bytes.length, place.fileOffset - address, this.line);
      if (rows === 0) return at;
      batch.append(this.#rows, rows);
      at = position.value - address;
      this.line = line.value;
    }
  }
}

let compiled: WebAssemblyModule | undefined;

function writeClasses({ memory, CLASSES, ROWS_OF_LOW_NIBBLE }: Program, classes: Uint8Array): void {
  const memoryBytes = new Uint8Array(memory.buffer);
  memoryBytes.set(classes, CLASSES.value);
  for (const [byte, byteClass] of classes.entries()) {
    if (byteClass !== BYTE_CLASS.residue) continue;
    if (byte >= 128) throw new RangeError(`byte ${byte} is a residue, but is not ASCII`);
    const row = ROWS_OF_LOW_NIBBLE.value + (byte & 15);
    memoryBytes[row] = (memoryBytes[row] ?? 0) | (1 << (byte >> 4));
  }
}
