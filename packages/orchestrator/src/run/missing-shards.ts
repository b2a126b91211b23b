import { StoppedError, type Shard } from '@virnucpro/protocol';

import { formatCount } from '../progress/format.ts';

const NAMED_RANGES = 10;

/** Not all is computed: which shards are missing, and what to do. */
export function shardsMissing(directory: string, missing: readonly Shard[], all: number): StoppedError {
  const shardIds = missing.map(({ shardId }) => shardId);
  const records = missing.reduce((sum, { recordCount }) => sum + recordCount, 0);
  return new StoppedError(
    'SHARDS_MISSING',
    `${formatCount(missing.length)} of ${formatCount(all)} shards (${formatCount(records)} records) are not done: ${rangesText(shardIds)}. ` +
      'Start the nodes that stopped again (see status), or compute the rest here: ' +
      `virnucpro-orchestrate resume ${directory}. What is there so far can be had with merge --partial.`,
    { details: { missing: missing.length } },
  );
}

/** 3, 5-8, 11 … Pure. @param ids ascending */
export function rangesText(ids: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last?.[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  const named = ranges
    .slice(0, NAMED_RANGES)
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return `${named.join(', ')}${ranges.length > NAMED_RANGES ? ' …' : ''}`;
}
