import * as z from 'zod';

import { boolean, integer, option, type RunOption } from './option.ts';

const GROUP = 'Packing and shards:';

/** How the work is cut. */
export const PACKING_OPTIONS = {
  'token-budget': option({
    schema: z.union([z.literal('auto'), integer(16, 1_000_000)], 'expected "auto" or a whole number from 16'),
    default: 'auto',
    describe: 'Tokens per pack, BOS and EOS included',
    group: GROUP,
    value: 'auto|N',
  }),
  packing: option({
    schema: boolean,
    default: true,
    describe: 'Compute many sequences at once without padding; --no-packing: one by one',
    group: GROUP,
  }),
  'shard-tokens': option({
    schema: integer(16).nullable(),
    default: null,
    describe: 'Most tokens per shard, the unit of work and of retry',
    group: GROUP,
    value: 'N',
    defaultDescription: '64 packs',
  }),
} as const satisfies Record<string, RunOption>;
