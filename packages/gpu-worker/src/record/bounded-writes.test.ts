import { expect, test } from '@jest/globals';

import { BoundedWrites } from './bounded-writes.ts';

test('writes run side by side up to the limit, and are all waited for at the end', async () => {
  const writes = new BoundedWrites(3);
  const done: (() => void)[] = [];
  const write = () => new Promise<void>((resolve) => done.push(resolve));
  await writes.add(write());
  await writes.add(write());
  let accepted = false;
  const third = writes.add(write()).then(() => (accepted = true));
  await Promise.resolve();
  expect(accepted).toBe(false);
  done[0]!();
  await third;
  done.slice(1).forEach((finish) => finish());
  await writes.drained();
});

test('an error comes out of a later call, and never unhandled', async () => {
  const writes = new BoundedWrites(3);
  await writes.add(Promise.reject(new Error('the disk is full')));
  await writes.add(Promise.resolve());
  await expect(writes.drained()).rejects.toThrow('full');
});
