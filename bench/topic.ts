/** One cell: a number is printed with the digits that it deserves. */
export type Cell = string | number;

export interface TopicResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What the reader must know beside the table. */
  readonly notes?: readonly string[];
}

/** One question that a table answers: ours against the peer or the limit, side by side, in one run. */
export interface Topic {
  readonly name: string;
  readonly question: string;
  readonly run: () => Promise<TopicResult>;
}

/** The best of several tries: the machine's noise only ever adds time. */
export async function bestOf<T>(
  tries: number,
  attempt: () => Promise<T>,
  costOf: (result: T) => number,
): Promise<T> {
  let best = await attempt();
  for (let left = tries - 1; left > 0; left -= 1) {
    const next = await attempt();
    if (costOf(next) < costOf(best)) best = next;
  }
  return best;
}

export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
