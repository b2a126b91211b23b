import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';
import { RunMetrics } from '@virnucpro/monitor';

import { createMetricsRegistry } from './metrics-registry.ts';

const DASHBOARD = new URL('../../../../config/grafana-dashboard.json', import.meta.url);

test('the dashboard asks for metrics that exist, and for all of them', async () => {
  const dashboard = await readFile(DASHBOARD, 'utf8');
  const registry = createMetricsRegistry(
    {
      measured: () => new RunMetrics(() => 0).snapshot(),
      restarts: () => [],
      gpus: () => [],
      host: () => null,
      snapshot: () => ({
        ...{ workers: [], sequencesDone: 0, tokensDone: 0, tokensTotal: 0, tokensScanned: 0 },
        ...{ tokensPerSecond: 0, sequencesPerSecond: 0, averageTokensPerSecond: 0 },
        ...{ etaSeconds: null, etaBandSeconds: null },
      }),
    },
    'run',
  );
  const exported = registry.getMetricsAsArray().map(({ name }) => name);
  const asked = [...new Set(dashboard.match(/virnucpro_[a-z_]+/g))];
  expect(asked.toSorted()).toEqual(exported.toSorted());
  expect(JSON.parse(dashboard)).toMatchObject({ title: 'virnucpro-orchestrate' });
});
