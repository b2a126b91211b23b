import { expect, test } from '@jest/globals';

import { closestName } from './closest-name.ts';

const NAMES = ['status', 'report', 'run', 'proteins-only', 'orfs'];

test.each([
  ['stauts', 'status'],
  ['statu', 'status'],
  ['protein-only', 'proteins-only'],
  ['orf', 'orfs'],
  ['rum', 'run'],
  ['run', 'run'],
  ['proteins.fa', null],
  ['rnu', null],
  ['x', null],
  ['', null],
])('%j is near to %j', (typed, name) => {
  expect(closestName(typed, NAMES)).toBe(name);
});

test('of two names the nearer', () => {
  expect(closestName('reporti', ['reposit', 'report'])).toBe('report');
});
