import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { readConfigFile } from '../config/config-file.ts';
import { environmentLayer, resolveSettings } from '../config/layers.ts';
import { slurmSettingsFrom } from './slurm-options.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function configFile(text: string): Promise<string> {
  const path = join(directory, 'c.yaml');
  await writeFile(path, text);
  return path;
}

test('a flag beats a variable, a variable beats the file, the file beats the default', async () => {
  const path = await configFile('slurm:\n  nodes: 2\n  time: 60\n  partition: gpu\n  setup: [a, b]\n');
  const variables = { VIRNUCPRO_SLURM_NODES: '3', VIRNUCPRO_SLURM_TIME: '1:00:00' };
  const settings = await slurmSettingsFrom({ nodes: '4' }, path, variables);
  expect(settings).toMatchObject({
    nodes: 4,
    time: '1:00:00',
    partition: 'gpu',
    setup: ['a', 'b'],
    'max-idle-restarts': 3,
  });
});

test('a run passes over the section and its variables', async () => {
  const layer = await readConfigFile(await configFile('workers: 2\nslurm:\n  nodes: 8\n'));
  const settings = resolveSettings([environmentLayer({ VIRNUCPRO_SLURM_NODES: '3' }), layer]);
  expect(settings.workers).toBe(2);
  expect(settings).not.toHaveProperty('slurm');
});

test.each([
  ['slurm:\n  node: 8\n', '"node", which no option is called'],
  ['slurm: 8\n', 'list of "option: value" lines'],
  ['slurm:\n  nodes: 0\n', /"slurm: nodes" in .* is 0: expected a whole number from 1/],
  ['slurm:\n  partition: "a b"\n', 'one word without quotes'],
  ['slurm:\n  setup: "a\\nb"\n', 'one line of text'],
])('names what is wrong in %j', async (text, says) => {
  const path = await configFile(text);
  await expect(slurmSettingsFrom({}, path, {})).rejects.toThrow(says);
});

test('takes an unknown variable for a typo', async () => {
  await expect(slurmSettingsFrom({}, undefined, { VIRNUCPRO_SLURM_NODE: '2' })).rejects.toThrow(
    /VIRNUCPRO_SLURM_NODE sets no option.*VIRNUCPRO_SLURM_NODES/,
  );
});
