import { VirnucproError } from '@virnucpro/protocol/errors';
import { EXIT_CODES } from '@virnucpro/protocol/exit-codes';

import type { InferenceSession, SessionInput, SessionOptions } from './inference-session.ts';
import { isAllocationFailure, type MemoryBudget } from './memory-budget.ts';
import { findNonFiniteRows } from './non-finite.ts';
import type { BudgetedSession } from './retry-session.ts';
import { splitInput } from './split-input.ts';

export interface ComputedPack {
  readonly rows: Uint8Array<ArrayBuffer>;
  /** Rows that stayed NaN or infinite after a second try. */
  readonly nonFiniteRows: readonly number[];
  /** In how many parts it was computed: 1, unless memory was short. */
  readonly parts: number;
}

/**
 * Computes a pack. What the device has no memory for is computed in parts of half the size; rows that are NaN or infinite
 * are computed a second time, in fp32 when the run is in fp16 or int8, before they are given up. The other rows stay: no row
 * depends on whether its neighbours are finite.
 *
 * @param openRetry the session of the second time
 * @param tokenLimit most tokens at once for this pack, beside what the budget says
 * @throws {VirnucproError} OUT_OF_MEMORY when there is not even memory for one sequence
 */
export async function computePack(
  { session, budget }: BudgetedSession,
  input: SessionInput,
  { embeddingDim, dtype }: Pick<SessionOptions, 'embeddingDim' | 'dtype'>,
  openRetry: () => Promise<BudgetedSession>,
  tokenLimit = Number.POSITIVE_INFINITY,
): Promise<ComputedPack> {
  const { rows, parts } = await computeInParts(session, input, budget, tokenLimit);
  const nonFinite = findNonFiniteRows(rows, embeddingDim, dtype);
  if (nonFinite.length === 0) return { rows, parts, nonFiniteRows: [] };
  const retry = await openRetry();
  const again = await computeInParts(retry.session, input, retry.budget, tokenLimit);
  const rowBytes = rows.length / (input.cuSeqlens.length - 1);
  for (const row of nonFinite)
    rows.set(again.rows.subarray(row * rowBytes, (row + 1) * rowBytes), row * rowBytes);
  return {
    rows,
    parts: Math.max(parts, again.parts),
    nonFiniteRows: findNonFiniteRows(rows, embeddingDim, dtype),
  };
}

async function computeInParts(
  session: InferenceSession,
  input: SessionInput,
  budget: MemoryBudget,
  tokenLimit: number,
): Promise<Omit<ComputedPack, 'nonFiniteRows'>> {
  const limit = Math.min(tokenLimit, budget.limit);
  const tokens = input.inputIds.length;
  const parts = tokens <= limit ? [input] : splitInput(input, limit);
  const rows: Uint8Array<ArrayBuffer>[] = [];
  let computed = 0;
  for (const part of parts) {
    const done = await computePart(session, part, budget);
    rows.push(done.rows);
    computed += done.parts;
  }
  return { rows: joined(rows), parts: computed };
}

async function computePart(session: InferenceSession, part: SessionInput, budget: MemoryBudget) {
  try {
    const rows = await session.run(part);
    budget.succeeded();
    return { rows, parts: 1 };
  } catch (error) {
    if (!isAllocationFailure(error)) throw error;
    const tokens = part.inputIds.length;
    if (part.cuSeqlens.length <= 2 || !budget.failed(tokens)) throw outOfMemory(tokens, error);
    return computeInParts(session, part, budget, Number.POSITIVE_INFINITY);
  }
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function outOfMemory(tokens: number, cause: unknown): VirnucproError {
  return new VirnucproError(
    'OUT_OF_MEMORY',
    EXIT_CODES.unexpected,
    `The device has no memory for ${tokens} tokens at once, and they cannot be divided: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
}
