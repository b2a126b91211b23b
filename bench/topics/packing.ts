import {
  lowerBoundL2,
  OnlineBestFitPacker,
  packBestFitDecreasing,
  packFirstFitDecreasing,
  packHistogram,
} from '@virnucpro/packing';

import { MIXES, tokenLengths, type Mix } from '../inputs.ts';
import type { Cell, Topic } from '../topic.ts';

const COUNT = 1_000_000;

/** What the predecessor does: sorted, but only the last pack is looked at. */
function nextFit(lengths: Uint32Array, budget: number): number {
  let [packs, used] = [0, budget];
  for (const length of Uint32Array.from(lengths).sort().reverse()) {
    if (used + length > budget) [packs, used] = [packs + 1, 0];
    used += length;
  }
  return packs;
}

function online(lengths: Uint32Array, budget: number): number {
  const packer = new OnlineBestFitPacker({ tokenBudget: budget });
  let packs = 0;
  for (const length of lengths) packs += packer.add(length).length;
  return packs + packer.flush().length;
}

const PACKERS: Readonly<Record<string, (lengths: Uint32Array, budget: number) => number>> = {
  'next-fit decreasing (the predecessor)': nextFit,
  'online best-fit, 64 open': online,
  'first-fit decreasing': (lengths, budget) => packFirstFitDecreasing(lengths, budget).length,
  'best-fit decreasing (ours)': (lengths, budget) => packBestFitDecreasing(lengths, budget).length,
  'LPFHP (histogram)': (lengths, budget) => packHistogram(lengths, budget).length,
};

export const packingTopic: Topic = {
  name: 'packing',
  question: 'how full are packs, how near to the Martello-Toth bound, how fast?',
  run: () => {
    const rows: Cell[][] = [];
    for (const mix of Object.keys(MIXES) as Mix[]) {
      for (const budget of [4096, 16_384]) {
        const lengths = tokenLengths(mix, COUNT);
        const tokens = lengths.reduce((sum, length) => sum + length, 0);
        const bound = lowerBoundL2(lengths, budget);
        for (const [name, pack] of Object.entries(PACKERS)) {
          const startedMs = performance.now();
          const packs = pack(lengths, budget);
          const elapsedMs = performance.now() - startedMs;
          rows.push([
            mix,
            budget,
            name,
            (100 * tokens) / (packs * budget),
            packs / bound,
            (1000 * elapsedMs) / COUNT,
          ]);
        }
      }
    }
    return Promise.resolve({
      columns: ['lengths (1M)', 'budget', 'packer', 'fill %', 'packs / L2', 'µs per sequence'],
      rows,
    });
  },
};
