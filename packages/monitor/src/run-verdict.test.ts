import { expect, test } from '@jest/globals';

import { judgeRun, type VerdictFacts } from './run-verdict.ts';

const facts = (changes: Partial<VerdictFacts>): VerdictFacts => ({
  packs: 1000,
  deviceBusyShare: 0.97,
  waitShare: 0.01,
  writeWaitShare: 0,
  tailShare: 0,
  tokenUtilization: 0.99,
  gpuUtilizationPercent: null,
  ...changes,
});

test.each([
  [{}, 'none', 'device', 'as they should be'],
  [{ packs: 3 }, 'none', 'unknown', 'too few'],
  [{ deviceBusyShare: 0.6, waitShare: 0.35, tailShare: 0.33 }, 'mild', 'tail', '--shard-tokens'],
  [{ deviceBusyShare: 0.3, writeWaitShare: 0.6 }, 'critical', 'checkpoint', 'RUN_DIR'],
  [{ deviceBusyShare: 0.4, waitShare: 0.55 }, 'critical', 'input', '--loader-threads'],
  [{ deviceBusyShare: 0.7, waitShare: 0.25 }, 'mild', 'input', '--loader-threads'],
  [{ deviceBusyShare: 0.7, waitShare: 0.02 }, 'mild', 'start-up', 'longer run'],
  [{ gpuUtilizationPercent: 35 }, 'critical', 'packing', '--token-budget'],
  [{ tokenUtilization: 0.6 }, 'mild', 'packing', '--shard-tokens'],
] as const)('%j is %s, limited by %s', (changes, severity, cause, advice) => {
  const found = judgeRun(facts(changes));
  expect(found).toMatchObject({ severity, cause });
  expect(found.sentence).toContain(advice);
});
