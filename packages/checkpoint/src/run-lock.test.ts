import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { nodeFileSystem, type DurableFileSystem } from './durable-file-system.ts';
import { beatPath } from './lock-beat.ts';
import type { LockHolder } from './lock-holder.ts';
import { acquireRunLock, readRunLock } from './run-lock.ts';

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

  test('is ours, though the answer to our link was lost and the second said that the name is taken', async () => {
    const forgetful: DurableFileSystem = {
      ...nodeFileSystem,
      link: async (from, to) => {
        await nodeFileSystem.link(from, to);
        await nodeFileSystem.link(from, to);
      },
    };
    await (await acquireRunLock(forgetful, path())).release();
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

  test('of another host that never beats is respected, and the message says how to be rid of it', async () => {
    await writeHolder({ host: 'node17', pid: 4711, beatMs: 0 });
    await expect(acquireRunLock(nodeFileSystem, path())).rejects.toThrow(
      /process 4711 on node17.*remove .*\.lock\*/,
    );
  });

  test('of another host is respected while it beats', async () => {
    await writeHolder({ host: 'node17', pid: 4711, beatMs: 1 });
    let beats = 0;
    const beating: DurableFileSystem = {
      ...nodeFileSystem,
      readFile: (file) =>
        file === beatPath(path(), 'other')
          ? Promise.resolve(Buffer.from(String(++beats)))
          : nodeFileSystem.readFile(file),
    };
    const times = { beatMs: 1, silenceMs: 60_000 };
    await expect(acquireRunLock(beating, path(), { times })).rejects.toThrow('process 4711 on node17');
  });

  test('of another host that has fallen silent is succeeded; the one who lost it hears of it', async () => {
    const times = { beatMs: 1, silenceMs: 3 };
    const lock = await acquireRunLock(nodeFileSystem, path(), { times });
    const lost = new Promise((resolve) => lock.lost.addEventListener('abort', resolve));
    await writeFile(path(), JSON.stringify({ ...lock.holder, host: 'node17', token: 'silent' }));
    const announced: string[] = [];
    const announce = (message: string): void => void announced.push(message);
    const second = await acquireRunLock(nodeFileSystem, path(), { times, announce });
    expect(await readRunLock(nodeFileSystem, path())).toMatchObject({ token: second.holder.token });
    expect(announced.join()).toContain('sign of life');
    await lost;
  });

  test('is waited for by those who have patience', async () => {
    const first = await acquireRunLock(nodeFileSystem, path());
    const announce = (): void => void first.release();
    const second = await acquireRunLock(nodeFileSystem, path(), { patienceMs: 60_000, announce });
    expect(await readRunLock(nodeFileSystem, path())).toMatchObject({ token: second.holder.token });
  });

  test('is not waited for any more when the waiting is ended', async () => {
    await acquireRunLock(nodeFileSystem, path());
    const end = new AbortController();
    const announce = (): void => end.abort();
    await expect(
      acquireRunLock(nodeFileSystem, path(), { patienceMs: 60_000, signal: end.signal, announce }),
    ).rejects.toThrow('abort');
  });

  test('that cannot be read is succeeded', async () => {
    await writeFile(path(), '{');
    await acquireRunLock(nodeFileSystem, path());
    expect(await readRunLock(nodeFileSystem, path())).toMatchObject({ pid: process.pid, alive: true });
  });

  test('leaves nothing behind when it is given back after several deaths', async () => {
    await writeHolder({ pid: await deadPid(), token: 'first' });
    const second = { ...(await readRunLock(nodeFileSystem, path())), token: 'second', alive: undefined };
    await writeFile(`${path()}.first`, JSON.stringify(second));
    const lock = await acquireRunLock(nodeFileSystem, path());
    expect(await readRunLock(nodeFileSystem, path())).toMatchObject({ token: lock.holder.token });
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  test('is held by one at any time, whoever comes, dies and comes back', async () => {
    let holders = 0;
    const contend = async (dies: boolean): Promise<void> => {
      try {
        const lock = await acquireRunLock(nodeFileSystem, path());
        holders += 1;
        expect(holders).toBe(1);
        await readdir(directory);
        holders -= 1;
        if (dies) await markDead(lock.holder.token);
        else await lock.release();
      } catch (error) {
        expect(error).toMatchObject({ code: 'RUN_LOCKED' });
      }
    };
    for (let round = 0; round < 30; round += 1) {
      await Promise.all(Array.from({ length: 6 }, (_, index) => contend((round + index) % 3 === 0)));
    }
    expect(holders).toBe(0);
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

/** As if the process that holds it had died: its record now names a process that is gone. */
async function markDead(token: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.includes('.beat.')) continue;
    const file = join(directory, name);
    // Others take and give back meanwhile: what is gone was not this one's.
    const content = await readFile(file, 'utf8').catch(() => null);
    if (content === null || (JSON.parse(content) as LockHolder).token !== token) continue;
    await writeFile(
      `${file}.dead`,
      JSON.stringify({ ...(JSON.parse(content) as LockHolder), bootId: 'another' }),
    );
    await rename(`${file}.dead`, file);
  }
}
