import type * as z from 'zod';

import { DEVICE_OPTIONS } from './device-options.ts';
import { INPUT_OPTIONS } from './input-options.ts';
import { JOB_OPTIONS } from './job-options.ts';
import { NODE_OPTIONS } from './node-options.ts';
import { PACKING_OPTIONS } from './packing-options.ts';
import { TRANSLATION_OPTIONS } from './translation-options.ts';

/** All options of `run`, in the order of its help. */
export const RUN_OPTIONS = {
  ...INPUT_OPTIONS,
  ...TRANSLATION_OPTIONS,
  ...DEVICE_OPTIONS,
  ...PACKING_OPTIONS,
  ...JOB_OPTIONS,
  ...NODE_OPTIONS,
} as const;

export type RunOptionName = keyof typeof RUN_OPTIONS;

/** The settings of a run, complete and checked. */
export type RunSettings = {
  readonly [Name in RunOptionName]: z.infer<(typeof RUN_OPTIONS)[Name]['schema']>;
};

export const RUN_OPTION_NAMES = Object.keys(RUN_OPTIONS) as RunOptionName[];
