import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { chooseShare } from './choose-share.ts';
import { ownsShard } from './node-share.ts';

const step = { SLURM_STEP_ID: '0', SLURM_STEP_NUM_TASKS: '8', SLURM_PROCID: '3' };
const array = {
  SLURM_ARRAY_TASK_ID: '5',
  SLURM_ARRAY_TASK_COUNT: '4',
  SLURM_ARRAY_TASK_MIN: '3',
  SLURM_ARRAY_TASK_MAX: '6',
};
const nothing = { 'num-nodes': null, 'node-rank': null } as const;

describe('the share of a process', () => {
  test('is the whole run where nothing says otherwise', () => {
    expect(chooseShare(nothing, {})).toEqual({ share: { rank: 0, count: 1 }, notice: null });
  });

  test('is its task of an srun step', () => {
    expect(chooseShare(nothing, step).share).toEqual({ rank: 3, count: 8 });
    expect(chooseShare({ ...nothing, 'num-nodes': 'auto' }, step).share).toEqual({ rank: 3, count: 8 });
  });

  test('is the whole run in a step of one task: an interactive shell', () => {
    const one = { ...step, SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0', SLURM_JOB_NUM_NODES: '2' };
    expect(chooseShare(nothing, one)).toEqual({ share: { rank: 0, count: 1 }, notice: null });
  });

  test('is the whole run in a batch script of several nodes, which is told how to use them', () => {
    const batch = { SLURM_PROCID: '0', SLURM_JOB_NUM_NODES: '4' };
    const { share, notice } = chooseShare(nothing, batch);
    expect(share.count).toBe(1);
    expect(notice).toContain('4 nodes');
    expect(notice).toContain('srun');
  });

  test('of a task of an array is taken from it only when asked', () => {
    const { share, notice } = chooseShare(nothing, array);
    expect(share.count).toBe(1);
    expect(notice).toContain('--num-nodes auto');
    expect(chooseShare({ ...nothing, 'num-nodes': 'auto' }, array).share).toEqual({ rank: 2, count: 4 });
  });

  test('is its task of the array too when the task is started with srun', () => {
    const one = { SLURM_STEP_ID: '0', SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0' };
    const auto = { ...nothing, 'num-nodes': 'auto' } as const;
    expect(chooseShare(auto, { ...one, ...array }).share).toEqual({ rank: 2, count: 4 });
    expect(chooseShare(auto, one).share).toEqual({ rank: 0, count: 1 });
  });

  test('is the task id when the number of nodes is given, so that some tasks can be submitted again', () => {
    const two = { ...array, SLURM_ARRAY_TASK_COUNT: '2' };
    expect(chooseShare({ ...nothing, 'num-nodes': 8 }, two).share).toEqual({ rank: 5, count: 8 });
  });

  test('is what it is told', () => {
    expect(chooseShare({ 'num-nodes': 2, 'node-rank': 1 }, { ...step, ...array }).share).toEqual({
      rank: 1,
      count: 2,
    });
  });

  test.each([
    [{ 'num-nodes': null, 'node-rank': 1 }, {}, 'needs --num-nodes'],
    [{ 'num-nodes': 'auto', 'node-rank': 1 }, {}, 'not auto'],
    [{ 'num-nodes': 4, 'node-rank': 4 }, {}, '0 to 3'],
    [{ 'num-nodes': 4, 'node-rank': null }, {}, 'needs --node-rank'],
    [{ 'num-nodes': 4, 'node-rank': null }, array, 'task id is 5'],
    [{ 'num-nodes': 'auto', 'node-rank': null }, { ...array, SLURM_ARRAY_TASK_COUNT: '2' }, 'from 3 to 6'],
  ] as const)('is refused where it is not clear: %j %j', (settings, environment, message) => {
    expect(() => chooseShare(settings, environment)).toThrow(message);
  });

  test('every shard belongs to exactly one node', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(), (count, shardId) => {
        const owners = Array.from({ length: count }, (_, rank) => ({ rank, count })).filter((share) =>
          ownsShard(share, shardId),
        );
        expect(owners).toHaveLength(1);
      }),
    );
  });
});
