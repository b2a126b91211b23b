import { join } from 'node:path';

import { writeRandomModel } from '@virnucpro/model';

import { inTemporaryDirectory, writeFasta, type Mix } from '../inputs.ts';
import { simulatedRun } from '../simulated-run.ts';
import { bestOf, type Cell, type Topic } from '../topic.ts';

/** Two H100 that run ESM-2 650M at 60 % of peak: 2 x 0.6 x 989e12 / (2 x 650e6). */
const TWO_H100_TOKENS_PER_SECOND = 900_000;
const TOKEN_BUDGET = 16_384;
const RECORDS: Readonly<Record<Mix, number>> = {
  'equal 49': 600_000,
  'ORFs 10-99': 500_000,
  'proteins, mean 337': 90_000,
};

/** As wide as 650M, and nothing else of it: the weights are never used. */
export const WIDE_MODEL = { hiddenSize: 1280, intermediateSize: 64, layers: 1, heads: 20 };

export const pipelineTopic: Topic = {
  name: 'pipeline',
  question: 'scan, load, tokenize, pack, write, merge without a device: what does the host take?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const model = join(directory, 'model');
      await writeRandomModel(model, WIDE_MODEL);
      const rows: Cell[][] = [];
      for (const mix of Object.keys(RECORDS) as Mix[]) {
        const input = join(directory, 'input.faa');
        await writeFasta({ path: input, mix, records: RECORDS[mix] });
        const options = ['--dtype', 'float16', '--no-space-check'];
        const { report, workerCpuMs, parentCpuMs } = await bestOf(
          2,
          () =>
            simulatedRun({
              directory,
              input,
              model,
              workers: 1,
              tokenBudget: TOKEN_BUDGET,
              device: {},
              options,
            }),
          (run) => run.workerCpuMs,
        );
        const { tokens } = report.totals;
        const rate = tokens / ((workerCpuMs + parentCpuMs) / 1000);
        rows.push([
          mix,
          tokens,
          (workerCpuMs / tokens) * 1000,
          (parentCpuMs / tokens) * 1000,
          rate,
          rate / TWO_H100_TOKENS_PER_SECOND,
        ]);
      }
      return {
        columns: [
          'lengths',
          'tokens',
          'worker CPU-s / M tokens',
          'parent CPU-s / M tokens',
          'tokens/s per core',
          'of two H100 (650M, 60 %)',
        ],
        rows,
        notes: [
          'The real program, 1280-d float16 rows, budget 16,384; the session answers at once. Start-up is included.',
          'Worker: read, check, tokenize, pack, move, write, fsync. Parent: scan, duplicate check, leases, merge, sha256.',
        ],
      };
    }),
};
