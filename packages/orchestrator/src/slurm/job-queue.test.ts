import { expect, test } from '@jest/globals';

import { interpretQueue } from './job-queue.ts';

test('lines of squeue', () => {
  const text = '12_0|RUNNING|None|n0|1:02\n12_1|PENDING|Resources||0:00\n13|PENDING|Dependency||0:00\n';
  expect(interpretQueue({ ok: true, text })).toEqual({
    known: true,
    jobs: [
      { id: '12_0', state: 'RUNNING', reason: null, nodes: 'n0', elapsed: '1:02' },
      { id: '12_1', state: 'PENDING', reason: 'Resources', nodes: '', elapsed: '0:00' },
      { id: '13', state: 'PENDING', reason: 'Dependency', nodes: '', elapsed: '0:00' },
    ],
  });
});

test('a job that Slurm has forgotten is in no queue', () => {
  const reason = 'slurm_load_jobs error: Invalid job id specified';
  expect(interpretQueue({ ok: false, kind: 'failed', reason })).toEqual({ known: true, jobs: [] });
});

test('a queue that does not answer is not known', () => {
  const reason = 'squeue is not on PATH';
  expect(interpretQueue({ ok: false, kind: 'missing', reason })).toEqual({ known: false, why: reason });
});
