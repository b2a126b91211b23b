import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createEsmTokenizer, packTables, POOL_CHUNK_TOKENS } from '@virnucpro/model';
import { Tensor } from 'onnxruntime-node';

const FIXTURES = join(process.cwd(), 'test/fixtures/esm');

/** Width of the golden model. */
export const GOLDEN_WIDTH = 64;
/** Residues at which the golden sequences were cut. */
export const GOLDEN_MAX_RESIDUES = 1022;

export interface GoldenSequence {
  readonly id: string;
  /** BOS and EOS included. */
  readonly tokens: Uint8Array;
}

/** The sequences whose embeddings fair-esm computed in float64. */
export async function goldenSequences(): Promise<GoldenSequence[]> {
  const { tokenOf } = createEsmTokenizer();
  const records = (await readFile(join(FIXTURES, 'golden-tiny/sequences.fasta'), 'latin1'))
    .split('>')
    .slice(1);
  return records.map((record) => {
    const [id, ...lines] = record.trim().split('\n');
    const residues = Array.from(
      lines.join('').slice(0, GOLDEN_MAX_RESIDUES),
      (letter) => tokenOf[letter.charCodeAt(0)]!,
    );
    return { id: id!, tokens: Uint8Array.of(0, ...residues, 2) };
  });
}

/** Those embeddings: `mean.npy`, `bos.npy`, `ID.tokens.npy`. */
export async function goldenRows(name: string): Promise<Float32Array> {
  const bytes = await readFile(join(FIXTURES, 'golden-tiny', name));
  return new Float32Array(Uint8Array.from(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
}

/** A pack as a graph takes it, with the tables that its lowering wants. */
export function packFeeds(
  pack: readonly GoldenSequence[],
  inputNames: readonly string[],
): Record<string, Tensor> {
  const lengths = pack.map(({ tokens }) => tokens.length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const cuSeqlens = Int32Array.from(lengths.reduce((starts, n) => [...starts, starts.at(-1)! + n], [0]));
  const tables = packTables(cuSeqlens);
  const feeds = {
    input_ids: new Tensor('uint8', Uint8Array.from(pack.flatMap(({ tokens }) => [...tokens])), [total]),
    position_ids: new Tensor(
      'int64',
      BigInt64Array.from(lengths.flatMap((n) => [...Array(n).keys()].map(BigInt))),
      [total],
    ),
    cu_seqlens: new Tensor('int32', cuSeqlens, [cuSeqlens.length]),
    token_offset: new Tensor('int32', tables.tokenOffset, [pack.length, tables.longest]),
    pool_tokens: new Tensor('int32', tables.poolTokens, [
      tables.poolTokens.length / POOL_CHUNK_TOKENS,
      POOL_CHUNK_TOKENS,
    ]),
    pool_chunks: new Tensor('int32', tables.poolChunks, [pack.length, tables.mostChunks]),
  };
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => inputNames.includes(name)));
}
