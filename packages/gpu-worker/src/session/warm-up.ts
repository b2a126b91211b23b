import { DeviceError } from '@virnucpro/protocol/errors';

import type { InferenceSession, SessionInput } from './inference-session.ts';
import { isAllocationFailure } from './memory-budget.ts';

/** The largest packs that a run may bring. */
export interface LargestPacks {
  /** Most tokens of a pack of several sequences; one-by-one there are none. */
  readonly tokens: number;
  /** Tokens of the longest sequence, which is a pack alone when it is longer than that. */
  readonly maxSequenceTokens: number;
}

/** What is tried before the start, and where. */
export interface WarmUp extends LargestPacks {
  /** For messages: cuda:1 (NVIDIA A100). */
  readonly device: string;
}

/** In float32, attention writes its scores out for sequences up to this length, and not for longer ones. */
const LONGEST_WITH_SCORES = 255;
/** BOS, a residue, EOS. */
const SHORTEST_TOKENS = 3;
/** Of the many short sequences: as short as the peptides of short reads. */
const SHORT_TOKENS = 32;
/** What --token-budget takes at least. */
const SMALLEST_BUDGET = 16;
const [BOS, RESIDUE, EOS] = [0, 20, 2];

/**
 * Few long sequences, then those for which attention writes out most scores, then many short ones, which have most rows and
 * offsets. Pure.
 */
export function largestPacks({ tokens, maxSequenceTokens }: LargestPacks): SessionInput[] {
  const longest = Math.max(maxSequenceTokens, SHORTEST_TOKENS);
  const long = packOf(Math.max(tokens, longest), longest);
  const others = [LONGEST_WITH_SCORES, SHORT_TOKENS].filter(
    (length) => length < longest && tokens >= 2 * length,
  );
  return [long, ...others.map((length) => packOf(tokens, length))];
}

/** One protein of one residue: proves that the graph runs, and pays first-run costs before the first pack. */
export function smallestPack(): SessionInput {
  return packOf(SHORTEST_TOKENS, SHORTEST_TOKENS);
}

/**
 * Computes the largest packs, so that memory that is too short shows before the run and not hours into it.
 *
 * @throws {DeviceError} TOKEN_BUDGET_TOO_LARGE naming a budget that fits, found by halving
 */
export async function computeLargest(
  session: InferenceSession,
  { device, ...largest }: WarmUp,
): Promise<void> {
  if (await fits(session, largest)) return;
  const what =
    `${device} has no memory for packs of ${largest.tokens} tokens with sequences of up to ${largest.maxSequenceTokens}, ` +
    'which were tried before the run.';
  for (
    let tokens = Math.floor(largest.tokens / 2);
    tokens >= SMALLEST_BUDGET;
    tokens = Math.floor(tokens / 2)
  ) {
    if (await fits(session, { ...largest, tokens }))
      throw tooLarge(`${what} ${tokens} fit: use --token-budget ${tokens}.`);
  }
  throw tooLarge(
    `${what} No smaller packs fit either: use a smaller --max-residues, or a GPU with more free memory.`,
  );
}

async function fits(session: InferenceSession, largest: LargestPacks): Promise<boolean> {
  try {
    for (const pack of largestPacks(largest)) await session.run(pack);
    return true;
  } catch (error) {
    if (isAllocationFailure(error)) return false;
    throw error;
  }
}

function tooLarge(message: string): DeviceError {
  return new DeviceError('TOKEN_BUDGET_TOO_LARGE', message);
}

/** @param tokens in all; what is left over at the end is a shorter sequence, or is left out when it makes none */
function packOf(tokens: number, sequenceTokens: number): SessionInput {
  const lengths = Array.from({ length: Math.floor(tokens / sequenceTokens) }, () => sequenceTokens);
  const rest = tokens % sequenceTokens;
  if (rest >= SHORTEST_TOKENS) lengths.push(rest);
  const cuSeqlens = new Int32Array(lengths.length + 1);
  lengths.forEach((length, index) => (cuSeqlens[index + 1] = (cuSeqlens[index] ?? 0) + length));
  const inputIds = new Uint8Array(cuSeqlens.at(-1) ?? 0).fill(RESIDUE);
  const positionIds = new BigInt64Array(inputIds.length);
  lengths.forEach((length, index) => {
    const start = cuSeqlens[index] ?? 0;
    inputIds[start] = BOS;
    inputIds[start + length - 1] = EOS;
    for (let position = 0; position < length; position += 1) positionIds[start + position] = BigInt(position);
  });
  return { inputIds, positionIds, cuSeqlens };
}
