import type { Pooling } from '@virnucpro/protocol';

import { int, value, type GraphBuilder } from './onnx/graph-builder.ts';
import { DATA_TYPE, type GraphValue } from './onnx/proto.ts';
import { POOL_CHUNK_TOKENS } from './pack-tables.ts';

export const POOL_TOKENS = 'pool_tokens';
export const POOL_CHUNKS = 'pool_chunks';

/**
 * One row per sequence without a loop over sequences: residues are reduced in chunks, then the chunks of each
 * sequence. Places beyond a sequence are replaced before they are added, so a NaN stays in its sequence; the order of
 * additions is fixed, which scattered atomic additions would not be.
 *
 * @param hidden [T, H] float32
 * @returns [n, H] float32, and the inputs of the graph that it takes (see packTables)
 */
export function poolByChunks(
  builder: GraphBuilder,
  hidden: string,
  pooling: Pooling,
): { readonly rows: string; readonly inputs: readonly GraphValue[] } {
  const starts = slice(builder, 'cu_seqlens', 0, -1);
  if (pooling === 'bos') return { rows: builder.node('Gather', [hidden, starts]), inputs: [] };
  const neutral = pooling === 'max' ? Number.NEGATIVE_INFINITY : 0;
  const reduction = pooling === 'max' ? 'ReduceMax' : 'ReduceSum';
  const chunks = reduceRows(builder, hidden, POOL_TOKENS, reduction, neutral);
  const reduced = reduceRows(builder, chunks, POOL_CHUNKS, reduction, neutral);
  const inputs = [
    value(POOL_TOKENS, DATA_TYPE.int32, ['chunks', POOL_CHUNK_TOKENS]),
    value(POOL_CHUNKS, DATA_TYPE.int32, ['sequences', 'most_chunks']),
  ];
  if (pooling === 'max') return { rows: reduced, inputs };
  return { rows: builder.node('Div', [reduced, residueCounts(builder, starts)]), inputs };
}

/** [rows, H] and a table [m, places] of row numbers, -1 where there is none -> [m, H] */
function reduceRows(
  builder: GraphBuilder,
  rows: string,
  table: string,
  reduction: 'ReduceSum' | 'ReduceMax',
  neutral: number,
): string {
  // Gather takes -1 as the last row; what it finds there is replaced.
  const gathered = builder.node('Gather', [rows, table]);
  const isThere = builder.node('Greater', [table, builder.int32s('none', [-1], [])]);
  const mask = builder.node('Unsqueeze', [isThere, builder.int64s('axis', [2])]);
  const kept = builder.node('Where', [
    mask,
    gathered,
    builder.floats('neutral', Float32Array.of(neutral), []),
  ]);
  return builder.node(reduction, [kept, builder.int64s('axis', [1])], { attributes: { keepdims: int(0) } });
}

/** -> [n, 1] float32 */
function residueCounts(builder: GraphBuilder, starts: string): string {
  const tokens = builder.node('Sub', [slice(builder, 'cu_seqlens', 1, Number.MAX_SAFE_INTEGER), starts]);
  const residues = builder.node('Sub', [tokens, builder.int32s('specials', [2], [])]);
  const counts = builder.node('Cast', [residues], { attributes: { to: int(DATA_TYPE.float) } });
  return builder.node('Unsqueeze', [counts, builder.int64s('axis', [1])]);
}

function slice(builder: GraphBuilder, vector: string, start: number, end: number): string {
  const [from, to, axis] = [start, end, 0].map((number) => builder.int64s('slice', [number]));
  return builder.node('Slice', [vector, from, to, axis].map(String));
}
