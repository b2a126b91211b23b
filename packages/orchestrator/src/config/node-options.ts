import * as z from 'zod';

import { integer, option, type RunOption } from './option.ts';

const GROUP = 'Several nodes:';

/** Which part of a shared run this is. */
export const NODE_OPTIONS = {
  'num-nodes': option({
    schema: z
      .union([z.literal('auto'), integer(1, 65_536)], 'expected "auto" or a whole number from 1')
      .nullable(),
    default: null,
    describe: 'Processes on several machines that share this run, each started alike; auto: as Slurm says',
    group: GROUP,
    value: 'auto|N',
    defaultDescription: 'the tasks of the srun step, else 1',
  }),
  'node-rank': option({
    schema: integer(0, 65_535).nullable(),
    default: null,
    describe: 'Which of them this is, from 0',
    group: GROUP,
    value: 'K',
    defaultDescription: 'by srun step or job array',
  }),
} as const satisfies Record<string, RunOption>;
