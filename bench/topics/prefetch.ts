import { join } from 'node:path';

import { writeRandomModel } from '@virnucpro/model';

import { inTemporaryDirectory, writeFasta } from '../inputs.ts';
import { simulatedRun } from '../simulated-run.ts';
import type { Cell, Topic } from '../topic.ts';
import { WIDE_MODEL } from './pipeline.ts';

const PACK_MS = 20;
/** A shard of 8 packs computes in 160 ms; reading it takes this long. */
const READ_MS = [0, 120, 400] as const;

export const prefetchTopic: Topic = {
  name: 'prefetch',
  question: 'does a slow reader starve the device?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const model = join(directory, 'model');
      await writeRandomModel(model, WIDE_MODEL);
      const input = join(directory, 'input.faa');
      await writeFasta({ path: input, mix: 'equal 49', records: 120_000 });
      const rows: Cell[][] = [];
      for (const readMs of READ_MS) {
        for (const loaderThreads of readMs === 0 ? [4] : [1, 4]) {
          const { report } = await simulatedRun({
            ...{ directory, input, model, workers: 1, tokenBudget: 16_384, device: { msPerPack: PACK_MS } },
            options: [
              ...['--dtype', 'float16', '--no-space-check', '--shard-tokens', String(8 * 16_384)],
              ...['--loader-threads', String(loaderThreads)],
            ],
            environment: { SLOW_READ_MS: String(readMs), SLOW_UNTIL_MS: String(Date.now() + 600_000) },
          });
          const { busyMs, liveMs } = report.computed;
          rows.push([
            `${readMs} ms per shard`,
            loaderThreads,
            (100 * busyMs) / liveMs,
            100 * report.throughput.starvedShare,
          ]);
        }
      }
      return {
        columns: ['reading', 'loader threads, at most', 'device busy %', 'packs starved %'],
        rows,
        notes: [
          `Simulated device, ${PACK_MS} ms per pack, shards of 8 packs; the reader sleeps before each shard.`,
          'One thread is what a fixed prefetch of one shard gives; more are used only while the device waits.',
        ],
      };
    }),
};
