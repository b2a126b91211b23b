import type { Pooling } from '@virnucpro/protocol';

import type { Projections } from './esm-lowering.ts';
import { float, graph, int, MICROSOFT, value, type GraphBuilder } from './onnx/graph-builder.ts';
import { DATA_TYPE } from './onnx/proto.ts';

/**
 * What must not mix sequences is done in a loop over them: nothing is padded, no mask can leak, and a NaN in one
 * sequence stays there.
 */

interface LoopBody {
  readonly builder: GraphBuilder;
  /** First and last-but-one token of the sequence, int64 [1] each. */
  readonly start: string;
  readonly end: string;
  readonly iteration: string;
  readonly condition: string;
}

/**
 * Attention of each sequence over itself.
 *
 * @param projected query (scaled), key, value: [T, H] each
 * @param boundaries cu_seqlens as int64, [n + 1]
 * @returns [T, H]
 */
export function attendPerSequence(
  builder: GraphBuilder,
  projected: Projections,
  boundaries: string,
  { heads, width }: { readonly heads: number; readonly width: number },
): string {
  const body = loopBody(builder, 'attention', boundaries);
  const parts = [projected.query, projected.key, projected.value].map((tensor) => asBatch(body, tensor));
  const attended = body.builder.node('MultiHeadAttention', parts, {
    domain: MICROSOFT,
    attributes: { num_heads: int(heads), scale: float(1) },
  });
  const rows = body.builder.node('Squeeze', [attended, body.builder.int64s('axis', [0])]);
  const collected = body.builder.unique('collected');
  const appended = body.builder.node('SequenceInsert', [collected, rows]);
  const tokens = { dataType: DATA_TYPE.float, dims: ['sequence_tokens', width], sequence: true };
  const loop = body.builder.finish(loopInputs(body, [{ name: collected, ...tokens }]), [
    value(keepGoing(body), DATA_TYPE.bool, []),
    { name: appended, ...tokens },
  ]);
  const empty = builder.node('SequenceEmpty', [], { attributes: { dtype: int(DATA_TYPE.float) } });
  const sequences = builder.node('Loop', [sequenceCount(builder, boundaries), '', empty], {
    attributes: { body: graph(loop) },
  });
  return builder.node('ConcatFromSequence', [sequences], { attributes: { axis: int(0) } });
}

/**
 * One row per sequence: mean or maximum over its residues (BOS and EOS excluded), or its BOS token.
 *
 * @param hidden [T, H]
 * @returns [n, H]
 */
export function poolPerSequence(
  builder: GraphBuilder,
  hidden: string,
  boundaries: string,
  pooling: Pooling,
  width: number,
): string {
  const body = loopBody(builder, 'pooling', boundaries);
  const one = body.builder.int64s('one', [1]);
  const residues =
    pooling === 'bos'
      ? slice(body, hidden, body.start, body.builder.node('Add', [body.start, one]))
      : slice(
          body,
          hidden,
          body.builder.node('Add', [body.start, one]),
          body.builder.node('Sub', [body.end, one]),
        );
  const row = body.builder.node(
    pooling === 'max' ? 'ReduceMax' : 'ReduceMean',
    [residues, body.builder.int64s('axis', [0])],
    {
      attributes: { keepdims: int(0) },
    },
  );
  const loop = body.builder.finish(loopInputs(body, []), [
    value(keepGoing(body), DATA_TYPE.bool, []),
    value(row, DATA_TYPE.float, [width]),
  ]);
  return builder.node('Loop', [sequenceCount(builder, boundaries), ''], {
    attributes: { body: graph(loop) },
  });
}

function loopBody(builder: GraphBuilder, name: string, boundaries: string): LoopBody {
  const inner = builder.body(name);
  const iteration = inner.unique('iteration');
  const at = inner.node('Unsqueeze', [iteration, inner.int64s('axis', [0])]);
  const next = inner.node('Add', [at, inner.int64s('one', [1])]);
  return {
    builder: inner,
    start: inner.node('Gather', [boundaries, at]),
    end: inner.node('Gather', [boundaries, next]),
    iteration,
    condition: inner.unique('condition'),
  };
}

function loopInputs({ iteration, condition }: LoopBody, carried: Parameters<GraphBuilder['finish']>[0]) {
  return [value(iteration, DATA_TYPE.int64, []), value(condition, DATA_TYPE.bool, []), ...carried];
}

function keepGoing({ builder, condition }: LoopBody): string {
  return builder.node('Identity', [condition]);
}

/** The rows of one sequence as a batch of one: [1, L, H]. */
function asBatch(body: LoopBody, tensor: string): string {
  const rows = slice(body, tensor, body.start, body.end);
  return body.builder.node('Unsqueeze', [rows, body.builder.int64s('axis', [0])]);
}

function slice({ builder }: LoopBody, tensor: string, start: string, end: string): string {
  return builder.node('Slice', [tensor, start, end, builder.int64s('axis', [0])]);
}

/** n, int64 scalar, from the n + 1 boundaries. */
function sequenceCount(builder: GraphBuilder, boundaries: string): string {
  const shape = builder.node('Shape', [boundaries]);
  const count = builder.node('Sub', [shape, builder.int64s('one', [1])]);
  return builder.node('Squeeze', [count, builder.int64s('axis', [0])]);
}
