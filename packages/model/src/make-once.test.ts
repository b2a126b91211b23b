import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { makeOnce } from './make-once.ts';

let directory = '';
let path = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-once-'));
  path = join(directory, 'file');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A maker that stops half-way until it is let go. */
function gatedMaker(content: string) {
  let letGo: () => void = () => undefined;
  let begun: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const started = new Promise<void>((resolve) => (begun = resolve));
  const make = async (temporary: string): Promise<void> => {
    begun();
    await gate;
    await writeFile(temporary, content);
  };
  return { make, started, letGo };
}

const forbidden = () => Promise.reject(new Error('made twice'));

test('of two that want the file one makes it, the other waits and finds it', async () => {
  const maker = gatedMaker('made');
  const first = makeOnce(path, { make: maker.make });
  await maker.started;
  let waits: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => (waits = resolve));
  const second = makeOnce(path, { make: forbidden, onWait: () => waits(), pollMs: 1 });
  await waiting;
  expect(await readdir(directory)).toEqual(['file.lock']);
  maker.letGo();
  await Promise.all([first, second]);
  expect(await readFile(path, 'utf8')).toBe('made');
  expect(await readdir(directory)).toEqual(['file']);
});

test('a file that is there is not made again', async () => {
  await writeFile(path, 'old');
  await makeOnce(path, { make: forbidden });
  expect(await readFile(path, 'utf8')).toBe('old');
});

test('a maker that fails leaves neither file nor lock, and the next one makes it', async () => {
  await expect(makeOnce(path, { make: () => Promise.reject(new Error('no room')) })).rejects.toThrow(
    'no room',
  );
  expect(await readdir(directory)).toEqual([]);
  await makeOnce(path, { make: (temporary) => writeFile(temporary, 'made') });
  expect(await readdir(directory)).toEqual(['file']);
});

test.each([
  ['of a dead process of this host', `${hostname()} 4194305`, 3_600_000],
  ['of another host that shows no sign of life', 'elsewhere 1', 5],
])('the lock %s is taken over', async (_, mark, staleMs) => {
  await writeFile(`${path}.lock`, mark);
  await makeOnce(path, { make: (temporary) => writeFile(temporary, 'made'), pollMs: 1, staleMs });
  expect(await readdir(directory)).toEqual(['file']);
});
