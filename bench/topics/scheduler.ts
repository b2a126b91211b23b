import { join } from 'node:path';

import { writeRandomModel } from '@virnucpro/model';

import { inTemporaryDirectory, writeFasta } from '../inputs.ts';
import { simulatedRun, type SimulatedRun, type SimulatedRunOptions } from '../simulated-run.ts';
import type { Cell, Topic } from '../topic.ts';
import { WIDE_MODEL } from './pipeline.ts';

/** Tokens/s of ESM-2 650M at 60 % of the device's peak in float16. */
const DEVICES = { H100: 457_000, A100: 144_000 } as const;
/** Eight H100 ask for more than this machine's cores give beside them; time runs this much slower. */
const TIME_SCALE = 5;
const TOKEN_BUDGET = 16_384;
const PACKS = 320;
const SEQUENCES_PER_PACK = 321;

interface Case {
  readonly name: string;
  readonly device: keyof typeof DEVICES;
  readonly workers: number;
  /** For each device. */
  readonly packs: number;
  readonly slowRank?: number;
}

const CASES: readonly Case[] = [
  { name: '1 device', device: 'H100', workers: 1, packs: PACKS },
  { name: '2 devices', device: 'H100', workers: 2, packs: PACKS },
  { name: '4 devices', device: 'H100', workers: 4, packs: PACKS },
  { name: '8 devices', device: 'H100', workers: 8, packs: PACKS },
  { name: '8 devices, one at half speed', device: 'H100', workers: 8, packs: PACKS, slowRank: 3 },
  { name: '8 devices, four times the work', device: 'H100', workers: 8, packs: 4 * PACKS },
];

export const schedulerTopic: Topic = {
  name: 'scheduler',
  question: 'how much of the devices’ time is computing, from the first pack to the last?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const model = join(directory, 'model');
      await writeRandomModel(model, WIDE_MODEL);
      const rows: Cell[][] = [];
      let rateOfOne = 0;
      for (const { name, device, workers, packs, slowRank } of CASES) {
        const speed = workers - (slowRank === undefined ? 0 : 0.5);
        const input = join(directory, 'input.faa');
        await writeFasta({
          path: input,
          mix: 'equal 49',
          records: speed * packs * SEQUENCES_PER_PACK,
        });
        const msPerToken = (1000 / DEVICES[device]) * TIME_SCALE;
        const options: SimulatedRunOptions = {
          ...{ directory, input, model, workers, tokenBudget: TOKEN_BUDGET, device: { msPerToken } },
          ...(slowRank === undefined ? {} : { slowRank }),
          options: ['--dtype', 'float16', '--no-space-check'],
        };
        const times = timesOf(await simulatedRun(options));
        const rate = (times.tokens * workers) / times.readyMs / speed;
        if (workers === 1) rateOfOne = rate;
        rows.push([
          name,
          (100 * times.busyMs) / times.readyMs,
          (100 * times.busyMs) / (workers * times.commandMs),
          (100 * rate) / rateOfOne,
          slowRank === undefined ? '-' : staticSlicesMs(times.tokens, msPerToken, workers) / times.spanMs,
          times.firstPackMs,
          times.mergeMs,
          times.cpuShare,
        ]);
      }
      return {
        columns: [
          'devices',
          'busy %',
          'busy %, start-up too',
          'scaling %',
          'static slices / ours',
          'ms to ready',
          'merge ms',
          'CPU cores used',
        ],
        rows,
        notes: [
          `Simulated H100 (650M at 60 % of peak, ${DEVICES.H100.toLocaleString('en-US')} tokens/s), time ${TIME_SCALE} times slower; ${PACKS} packs of 16,384 tokens each.`,
          'busy: computing / time from each device ready to the last shard of all done, tail included.',
          'start-up too: computing / time from the command to the last shard, on every device. The merge has a column of its own.',
          'scaling: tokens per device and second against one device. Static slices: the time of the slow device with an equal share.',
        ],
      };
    }),
};

/** Equal shares end when the device of half the speed ends its own. */
function staticSlicesMs(tokens: number, msPerToken: number, workers: number): number {
  return (tokens / workers) * msPerToken * 2;
}

interface Times {
  readonly tokens: number;
  readonly busyMs: number;
  readonly spanMs: number;
  /** Sum over the devices, each from when it was ready to the end of the last shard. */
  readonly readyMs: number;
  /** From the command to the end of the last shard. */
  readonly commandMs: number;
  readonly firstPackMs: number;
  readonly mergeMs: number;
  readonly cpuShare: number;
}

function timesOf({ events, report, wallMs, startedAtMs, workerCpuMs, parentCpuMs }: SimulatedRun): Times {
  const at = (name: string, which: 'first' | 'last'): number => {
    const found = events.filter(({ event }) => event === name);
    return Date.parse(String(found.at(which === 'first' ? 0 : -1)?.['time']));
  };
  const ready = at('worker-ready', 'first');
  const done = at('shard-completed', 'last');
  return {
    tokens: report.totals.tokens,
    busyMs: report.computed.busyMs,
    spanMs: done - ready,
    readyMs: events
      .filter(({ event }) => event === 'worker-ready')
      .reduce((sum, { time }) => sum + done - Date.parse(String(time)), 0),
    commandMs: done - startedAtMs,
    firstPackMs: ready - startedAtMs,
    mergeMs: at('run-ended', 'last') - done,
    cpuShare: (workerCpuMs + parentCpuMs) / wallMs,
  };
}
