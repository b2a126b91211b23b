import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { nodeFileSystem } from './durable-file-system.ts';
import { acquireRunLock, readRunLock, type LockHolder } from './run-lock.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virnucpro-lock-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const path = (): string => join(directory, '.lock');

describe('the lock of a run folder', () => {
  test('is held by one, and free after its release', async () => {
    const lock = await acquireRunLock(nodeFileSystem, path());
    await expect(acquireRunLock(nodeFileSystem, path())).rejects.toThrow(
      `process ${process.pid} on ${hostname()}`,
    );
    await lock.release();
    await (await acquireRunLock(nodeFileSystem, path())).release();
    expect(await readdir(directory)).toEqual([]);
  });

  test('of a dead process is taken over, by one of many that try', async () => {
    await writeHolder({ pid: await deadPid() });
    const taken = await Promise.allSettled(
      Array.from({ length: 8 }, () => acquireRunLock(nodeFileSystem, path())),
    );
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('of a process id that was given away again is stale', async () => {
    await writeHolder({ pid: process.pid, startTime: '1' });
    expect((await readRunLock(nodeFileSystem, path()))?.alive).toBe(false);
    await acquireRunLock(nodeFileSystem, path());
  });

  test('of an earlier boot is stale', async () => {
    await writeHolder({ pid: process.pid, bootId: 'another' });
    await acquireRunLock(nodeFileSystem, path());
  });

  test('of another host is respected, and the message says how to be rid of it', async () => {
    await writeHolder({ host: 'node17', pid: 4711 });
    await expect(acquireRunLock(nodeFileSystem, path())).rejects.toThrow(
      /process 4711 on node17.*remove .*\.lock/,
    );
  });

  test('that cannot be read is replaced', async () => {
    await writeFile(path(), '{');
    await acquireRunLock(nodeFileSystem, path());
    expect(JSON.parse(await readFile(path(), 'utf8'))).toMatchObject({ pid: process.pid });
  });

  test('is not released by one that lost it', async () => {
    const lock = await acquireRunLock(nodeFileSystem, path());
    await writeHolder({ host: 'node17', pid: 4711 });
    await lock.release();
    expect(await readRunLock(nodeFileSystem, path())).toMatchObject({ pid: 4711 });
  });
});

async function writeHolder(changes: Partial<LockHolder>): Promise<void> {
  const lock = await acquireRunLock(nodeFileSystem, join(directory, 'template'));
  await lock.release();
  await writeFile(path(), JSON.stringify({ ...lock.holder, token: 'other', ...changes }));
}

function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  return new Promise((resolve) => child.once('exit', () => resolve(child.pid!)));
}
