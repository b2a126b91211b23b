import { join } from 'node:path';

import { writeRandomModel } from '@virnucpro/model';

import { inTemporaryDirectory, writeFasta } from '../inputs.ts';
import { simulatedRun } from '../simulated-run.ts';
import type { Cell, Topic } from '../topic.ts';
import { WIDE_MODEL } from './pipeline.ts';

const RECORDS = 150_000;

interface Copies {
  readonly copiedTokens: number;
  readonly tokens: number;
}

export const duplicatesTopic: Topic = {
  name: 'duplicates',
  question: 'what does computing repeated sequences once save, and what does looking for them cost?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const model = join(directory, 'model');
      await writeRandomModel(model, WIDE_MODEL);
      const input = join(directory, 'input.faa');
      const rows: Cell[][] = [];
      for (const share of [0, 0.1, 0.3]) {
        await writeFasta({ path: input, mix: 'equal 49', records: RECORDS, duplicates: share });
        const { report, workerCpuMs } = await simulatedRun({
          ...{ directory, input, model, workers: 1, tokenBudget: 16_384, device: {} },
          options: ['--dtype', 'float16', '--no-space-check'],
        });
        const { copiedTokens, tokens } = report.computed as unknown as Copies;
        const all = tokens + copiedTokens;
        rows.push([
          `${100 * share} %`,
          all,
          (100 * copiedTokens) / all,
          all / tokens,
          (1000 * workerCpuMs) / all,
        ]);
      }
      return {
        columns: [
          'repeats in the input',
          'tokens',
          'tokens not computed %',
          'device work saved, times',
          'worker CPU-s / M tokens',
        ],
        rows,
        notes: ['Reads of 49 residues; repeats are found within a shard (64 packs of 16,384 tokens).'],
      };
    }),
};
