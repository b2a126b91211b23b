import { join } from 'node:path';

import { writeRandomModel } from '@virnucpro/model';
import { GpuMonitor, lengthCounts, MetricsAccumulator } from '@virnucpro/monitor';

import { is } from '../../test/faults/faults.ts';
import type { RunningProgram } from '../../test/program/run-program.ts';
import { inTemporaryDirectory, writeFasta } from '../inputs.ts';
import { simulatedRun } from '../simulated-run.ts';
import type { Cell, Topic } from '../topic.ts';
import { WIDE_MODEL } from './pipeline.ts';

const TOKEN_BUDGET = 16_384;
const SEQUENCES_PER_PACK = 321;
const PACKS = 300;
/** Of an H100 with ESM-2 650M at 60 % of its peak. */
const PACK_MS = 36;
const SCRAPE_INTERVAL_MS = 1_000;
const ROUNDS = 3;

export const monitoringTopic: Topic = {
  name: 'monitoring',
  question: 'what do metrics, traces, scrapes and progress cost?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const perPackMs = bookkeepingMs();
      const rows: Cell[][] = [
        ['what a worker counts per pack', perPackMs * 1000, (100 * perPackMs) / PACK_MS, '-'],
      ];
      const model = join(directory, 'model');
      await writeRandomModel(model, WIDE_MODEL);
      const input = join(directory, 'input.faa');
      await writeFasta({ path: input, mix: 'equal 49', records: PACKS * SEQUENCES_PER_PACK });
      const metricsFile = join(directory, 'run.prom');
      const busy = { unwatched: 0, watched: 0 };
      for (let round = 0; round < ROUNDS; round += 1) {
        const run = (options: readonly string[], onStart?: (program: RunningProgram) => void) =>
          simulatedRun({
            ...{ directory, input, model, workers: 1, tokenBudget: TOKEN_BUDGET },
            device: { msPerPack: PACK_MS },
            options: ['--dtype', 'float16', '--no-space-check', ...options],
            ...(onStart === undefined ? {} : { onStart }),
          });
        const unwatched = await run([]);
        const watched = await run(['--metrics-port', '0', '--metrics-file', metricsFile], scrape);
        busy.unwatched = Math.max(busy.unwatched, rateOf(unwatched.report));
        busy.watched = Math.max(busy.watched, rateOf(watched.report));
      }
      rows.push(
        ['a run that nobody watches', '-', '-', busy.unwatched],
        [
          'the same, scraped every second, with a metrics file',
          '-',
          100 * (1 - busy.watched / busy.unwatched),
          busy.watched,
        ],
      );
      return {
        columns: ['what', 'us per pack', '% of throughput', 'tokens/s'],
        rows,
        notes: [
          `Packs of ${PACK_MS} ms, as an H100 takes for 16,384 tokens of ESM-2 650M at 60 % of its peak; best of ${ROUNDS} rounds.`,
        ],
      };
    }),
};

/** All that a worker's main thread does for metrics, alarms and lengths, per pack. */
function bookkeepingMs(): number {
  const nothing = () => undefined;
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const monitor = new GpuMonitor({ nowMs: () => performance.now(), logger });
  const metrics = new MetricsAccumulator();
  const cuSeqlens = Int32Array.from({ length: SEQUENCES_PER_PACK + 1 }, (_, index) => 51 * index);
  monitor.startInferenceTimer();
  const facts = { sequences: SEQUENCES_PER_PACK, tokens: 16_371, maxSequenceLength: 51, waitMs: 0.1 };
  const packs = 20_000;
  const startedMs = performance.now();
  for (let batchIndex = 0; batchIndex < packs; batchIndex += 1) {
    metrics.add({
      ...facts,
      tokenBudget: TOKEN_BUDGET,
      busyMs: PACK_MS,
      lengthCounts: lengthCounts(cuSeqlens),
    });
    monitor.recordDataLoaderWait({
      ...{ waitTimeMs: 0.1, batchIndex, sequencesInBatch: SEQUENCES_PER_PACK, tokensInBatch: facts.tokens },
      ...{ maxSequenceLength: 51, queueDepth: 2, isLastOfShard: false },
      packingEfficiency: facts.tokens / TOKEN_BUDGET,
    });
    if (batchIndex % 28 === 0) metrics.takeDelta();
  }
  return (performance.now() - startedMs) / packs;
}

function scrape(program: RunningProgram): void {
  void program.event(is('metrics-listening')).then(({ url }) => {
    const timer = setInterval(() => {
      fetch(String(url))
        .then((response) => response.text())
        .catch(() => undefined);
    }, SCRAPE_INTERVAL_MS);
    void program.result.finally(() => {
      clearInterval(timer);
    });
  });
}

function rateOf({ computed, totals }: { computed: { liveMs: number }; totals: { tokens: number } }): number {
  return totals.tokens / (computed.liveMs / 1000);
}
