import { expect, test } from '@jest/globals';

import { flagLayer, resolveOptions, resolveSettings } from '../config/layers.ts';
import { runArguments } from './run-arguments.ts';
import { SLURM_OPTIONS } from './slurm-options.ts';

function argumentsFor(run: Record<string, unknown>, slurm: Record<string, unknown> = {}): string {
  const slurmSettings = resolveOptions(SLURM_OPTIONS, [{ values: slurm, nameOf: (name) => name }]);
  return runArguments(resolveSettings([flagLayer(run)]), slurmSettings).join(' ');
}

test('a run gets what differs from the defaults, with absolute paths', () => {
  const run = { packing: false, 'token-budget': '4096', model: 'm' };
  expect(argumentsFor(run)).toBe(`--model ${process.cwd()}/m --device cpu --token-budget 4096 --no-packing`);
});

test('what was asked of Slurm is what must be used', () => {
  expect(argumentsFor({}, { 'gpus-per-node': 4 })).toBe('--gpus all');
  expect(argumentsFor({ device: 'cpu' }, { 'gpus-per-node': 4 })).toBe('--device cpu');
  expect(argumentsFor({})).toBe('--device cpu');
});

test.each([
  [{ device: 'cuda' }, {}, '--gpus-per-node'],
  [{ gpus: '0,1' }, {}, '--gpus-per-node'],
  [{ precision: 'int8' }, { 'gpus-per-node': 2 }, 'int8 is for CPUs'],
  [{ 'force-restart': true }, {}, 'force-restart'],
  [{ 'metrics-file': 'x.prom' }, { nodes: 2 }, '2 nodes would write'],
])('%j with %j is refused now, not in the queue', (run, slurm, says) => {
  expect(() => argumentsFor(run, slurm)).toThrow(says);
});
