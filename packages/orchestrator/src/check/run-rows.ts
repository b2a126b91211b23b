import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';

import type { RunPaths } from '@virnucpro/checkpoint';

/** One row of a finished run, with what it is of. */
export interface RunRow {
  /** File and place in it: the same in every run over the same input. */
  readonly record: string;
  readonly id: string;
  readonly residues: number;
  readonly embedding: Float32Array;
}

const ROWS_AT_ONCE = 256;
/** Magic, version and the length of the rest, in a .npy file of format 1.0. */
const NPY_START_BYTES = 10;

/**
 * Reads the results of a run that wrote float32, in order, some rows at a time.
 *
 * @param embeddingDim width of a row
 */
export async function* readRunRows(
  { embeddings, sequences }: Pick<RunPaths, 'embeddings' | 'sequences'>,
  embeddingDim: number,
): AsyncGenerator<RunRow> {
  const file = await open(embeddings, 'r');
  try {
    const start = NPY_START_BYTES + (await readBytes(file, 0, NPY_START_BYTES)).readUInt16LE(8);
    let block = new Float32Array(0);
    let row = 0;
    for await (const description of readDescriptions(sequences)) {
      const inBlock = row % ROWS_AT_ONCE;
      if (inBlock === 0)
        block = await readFloats(file, start + 4 * row * embeddingDim, ROWS_AT_ONCE * embeddingDim);
      yield {
        ...description,
        embedding: block.subarray(inBlock * embeddingDim, (inBlock + 1) * embeddingDim),
      };
      row += 1;
    }
  } finally {
    await file.close();
  }
}

/** The records that have a row, by the same name as in RunRow. */
export async function readRecordsWithRows({ sequences }: Pick<RunPaths, 'sequences'>): Promise<Set<string>> {
  const records = new Set<string>();
  for await (const { record } of readDescriptions(sequences)) records.add(record);
  return records;
}

async function* readDescriptions(path: string): AsyncGenerator<Omit<RunRow, 'embedding'>> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  let isHeader = true;
  for await (const line of lines) {
    if (!isHeader) {
      const [, id = '', residues = '', , file = '', ordinal = ''] = line.split('\t');
      yield { record: `${file}\t${ordinal}`, id, residues: Number(residues) };
    }
    isHeader = false;
  }
}

/** Fewer where the file ends. */
async function readFloats(
  file: FileHandle,
  position: number,
  count: number,
): Promise<Float32Array<ArrayBuffer>> {
  const bytes = await readBytes(file, position, 4 * count);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
