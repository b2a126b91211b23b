import type { SessionInput } from './inference-session.ts';

/**
 * Cuts a pack into parts of at most `tokenLimit` tokens, in order; a sequence longer than that is a part of its own.
 * The parts are views. Pure.
 */
export function splitInput(input: SessionInput, tokenLimit: number): SessionInput[] {
  const { cuSeqlens } = input;
  const parts: SessionInput[] = [];
  const sequences = cuSeqlens.length - 1;
  for (let first = 0; first < sequences;) {
    let end = first + 1;
    const start = cuSeqlens[first] as number;
    while (end < sequences && (cuSeqlens[end + 1] as number) - start <= tokenLimit) end += 1;
    parts.push(slice(input, first, end));
    first = end;
  }
  return parts;
}

function slice({ inputIds, positionIds, cuSeqlens }: SessionInput, first: number, end: number): SessionInput {
  const start = cuSeqlens[first] as number;
  const stop = cuSeqlens[end] as number;
  return {
    inputIds: inputIds.subarray(start, stop),
    positionIds: positionIds.subarray(start, stop),
    cuSeqlens: cuSeqlens.slice(first, end + 1).map((offset) => offset - start),
  };
}
