/** Residues that are added up at once: a fixed number keeps the order of additions independent of the pack. */
export const POOL_CHUNK_TOKENS = 32;

/** What the CUDA graph takes beside a pack; see EsmLowering's inputs. All int32, row by row. */
export interface PackTables {
  /**
   * [n, longest]: the places that tokens would have if each sequence were padded to the longest, first those of
   * tokens, in order, then those of padding. As ONNX Runtime's RemovePadding gives them.
   */
  readonly tokenOffset: Int32Array;
  /** [chunks, POOL_CHUNK_TOKENS]: numbers of residues in the pack (no BOS, no EOS), -1 where a chunk is not full. */
  readonly poolTokens: Int32Array;
  /** [n, most chunks of a sequence]: numbers of chunks, -1 where a sequence has fewer. */
  readonly poolChunks: Int32Array;
  readonly longest: number;
  readonly mostChunks: number;
}

/** @param cuSeqlens [n + 1], starts 0; every sequence has BOS, at least one residue, and EOS */
export function packTables(cuSeqlens: Int32Array): PackTables {
  const sequences = cuSeqlens.length - 1;
  let longest = 0;
  let chunks = 0;
  for (let sequence = 0; sequence < sequences; sequence += 1) {
    const tokens = at(cuSeqlens, sequence + 1) - at(cuSeqlens, sequence);
    longest = Math.max(longest, tokens);
    chunks += chunksOf(tokens);
  }
  const mostChunks = chunksOf(longest);
  return {
    tokenOffset: tokenOffsets(cuSeqlens, longest),
    poolTokens: chunkTokens(cuSeqlens, chunks),
    poolChunks: chunkNumbers(cuSeqlens, mostChunks),
    longest,
    mostChunks,
  };
}

function tokenOffsets(cuSeqlens: Int32Array, longest: number): Int32Array {
  const sequences = cuSeqlens.length - 1;
  const offsets = new Int32Array(sequences * longest);
  let token = 0;
  let padding = at(cuSeqlens, sequences);
  for (let sequence = 0; sequence < sequences; sequence += 1) {
    const tokens = at(cuSeqlens, sequence + 1) - at(cuSeqlens, sequence);
    const first = sequence * longest;
    for (let place = 0; place < tokens; place += 1) offsets[token++] = first + place;
    for (let place = tokens; place < longest; place += 1) offsets[padding++] = first + place;
  }
  return offsets;
}

function chunkTokens(cuSeqlens: Int32Array, chunks: number): Int32Array {
  const tokens = new Int32Array(chunks * POOL_CHUNK_TOKENS).fill(-1);
  let chunk = 0;
  for (let sequence = 0; sequence + 1 < cuSeqlens.length; sequence += 1) {
    const first = at(cuSeqlens, sequence) + 1;
    const residues = at(cuSeqlens, sequence + 1) - 1 - first;
    for (let residue = 0; residue < residues; residue += 1)
      tokens[chunk * POOL_CHUNK_TOKENS + residue] = first + residue;
    chunk += chunksOf(residues + 2);
  }
  return tokens;
}

function chunkNumbers(cuSeqlens: Int32Array, mostChunks: number): Int32Array {
  const sequences = cuSeqlens.length - 1;
  const numbers = new Int32Array(sequences * mostChunks).fill(-1);
  let chunk = 0;
  for (let sequence = 0; sequence < sequences; sequence += 1) {
    const count = chunksOf(at(cuSeqlens, sequence + 1) - at(cuSeqlens, sequence));
    for (let place = 0; place < count; place += 1) numbers[sequence * mostChunks + place] = chunk++;
  }
  return numbers;
}

/** @param tokens of a sequence, BOS and EOS included */
function chunksOf(tokens: number): number {
  return Math.ceil((tokens - 2) / POOL_CHUNK_TOKENS);
}

function at(numbers: Int32Array, index: number): number {
  return numbers[index] as number;
}
