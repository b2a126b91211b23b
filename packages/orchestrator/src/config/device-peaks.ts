import { readFile } from 'node:fs/promises';

import type { DevicePeak } from '@virnucpro/monitor';
import { parse } from 'yaml';
import * as z from 'zod';

import { shippedConfigPath } from '../installation/installation.ts';

const TERA = 1e12;
const tableSchema = z.strictObject({
  devices: z.array(
    z.strictObject({ match: z.string().min(1), fp16: z.number().positive(), fp32: z.number().positive() }),
  ),
});

/** @throws {z.ZodError} the table does not fit its schema */
export async function readDevicePeaks(path = shippedConfigPath('devices.yaml')): Promise<DevicePeak[]> {
  const { devices } = tableSchema.parse(parse(await readFile(path, 'utf8')));
  return devices.map(({ match, fp16, fp32 }) => ({
    match,
    fp16FlopsPerSecond: fp16 * TERA,
    fp32FlopsPerSecond: fp32 * TERA,
  }));
}
