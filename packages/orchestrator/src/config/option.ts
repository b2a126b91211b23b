import * as z from 'zod';

/** One option of `run`: the same name as flag, as VIRNUCPRO_ variable and as key of the configuration file. */
export interface RunOption<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly default: z.infer<Schema>;
  readonly describe: string;
  readonly group: string;
  /** Placeholder of the value in the help; boolean flags have none. */
  readonly value?: string;
  /** Each time that the flag is given adds a value. */
  readonly repeats?: boolean;
  /** What the help says of a default that is worked out at run time. */
  readonly defaultDescription?: string;
}

const wholeNumber = (min: number, max: number): string =>
  `expected a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}`;

/** Whole numbers, also as text: flags and variables are text. */
export const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value),
    z.int(wholeNumber(min, max)).min(min, wholeNumber(min, max)).max(max, wholeNumber(min, max)),
  );

export const boolean = z.preprocess(
  (value) => (value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value),
  z.boolean('expected true or false'),
);

export const text = z.string('expected text').min(1);

export const option = <Schema extends z.ZodType>(entry: RunOption<Schema>): RunOption<Schema> => entry;
