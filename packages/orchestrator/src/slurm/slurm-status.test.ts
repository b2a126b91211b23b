import { expect, test } from '@jest/globals';

import type { NodeStatus } from '../status/node-status.ts';
import { joinQueue } from './slurm-status.ts';
import type { Submission } from './submission.ts';

const submission: Submission = {
  ...{ formatVersion: 1, jobId: '12', mergeJobId: '13', mode: 'array', nodes: 2 },
  submittedAt: '2026-01-01T00:00:00Z',
};
const job = (id: string) => ({ id, state: 'RUNNING', reason: null, nodes: 'n0', elapsed: '0:01' });
const progress: NodeStatus = {
  ...{ rank: 1, state: 'running', host: 'n1', pid: 7, updatedAt: null },
  ...{ tokensDone: 1, tokensTotal: 2, sequencesDone: 1, tokensPerSecond: 1, etaSeconds: 1 },
};

test('a task of the array is the node of its number', () => {
  const queue = { known: true, jobs: [job('12_1'), job('13')] } as const;
  expect(joinQueue(submission, queue, [progress])).toMatchObject({
    queueProblem: null,
    nodes: [
      { rank: 0, progress: null, job: null },
      { rank: 1, progress, job: { id: '12_1' } },
    ],
    merge: { id: '13' },
  });
});

test('one job over all nodes is the job of each', () => {
  const { nodes } = joinQueue({ ...submission, mode: 'job' }, { known: true, jobs: [job('12')] }, []);
  expect(nodes.map((node) => node.job?.id)).toEqual(['12', '12']);
});

test('without a queue the progress is shown all the same', () => {
  const joined = joinQueue(submission, { known: false, why: 'no squeue' }, [progress]);
  expect(joined).toMatchObject({
    queueProblem: 'no squeue',
    nodes: [{ job: null }, { progress, job: null }],
  });
});
