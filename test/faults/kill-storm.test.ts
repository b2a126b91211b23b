import { afterEach, expect, test } from '@jest/globals';

import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { killRunningPrograms, outputHashes, RunningProgram, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

const KILLS = 10;
const SEED = 20_261_121;

const job = (out: string) => [
  ...[PHAGE_PROTEINS, '-o', out, '--json', '--device', 'cpu', '--workers', '2', '--threads-per-worker', '1'],
  ...['--model', TINY_MODEL, '--token-budget', '512', '--shard-tokens', '1024'],
];

/**
 * Kills parent, workers or the whole group after a random number of events, again and again, also during recovery;
 * what comes out in the end must be the bytes of a run that nobody touched.
 */
test(`${KILLS} kills of parent, workers and group leave the bytes of an untouched run`, async () => {
  const untouched = directory.path('untouched');
  expect((await runProgram(job(untouched))).code).toBe(0);
  const expected = await outputHashes(untouched);

  const random = mulberry32(SEED);
  let [kills, completed] = [0, 0];
  while (kills < KILLS || completed === 0) {
    const out = directory.path(`out-${completed}`);
    const run = new RunningProgram(job(out), { ownGroup: true });
    if (kills < KILLS) kills += await killTwice(run, random);
    const { code } = await run.result;
    if (code !== 0) continue;
    expect(await outputHashes(out)).toEqual(expected);
    expect((await runProgram(['verify', out])).code).toBe(0);
    completed += 1;
  }
}, 120_000);

/** A worker first, which the run must survive, then the parent or all. @returns kills that hit something */
async function killTwice(run: RunningProgram, random: () => number): Promise<number> {
  let hits = 0;
  for (const targets of [['worker'], ['parent', 'group']] as const) {
    await reachEvent(run, run.events.length + 1 + Math.floor(random() * 8));
    hits += killOne(run, targets[Math.floor(random() * targets.length)]!, random) ? 1 : 0;
  }
  return hits;
}

/** Or the program's end, when it has less to say. */
async function reachEvent(run: RunningProgram, count: number): Promise<void> {
  await run.event(() => true, count).catch(() => undefined);
}

function killOne(run: RunningProgram, target: 'parent' | 'worker' | 'group', random: () => number): boolean {
  const workers = run.events.filter(
    ({ event, pid }) => event === 'worker-started' && typeof pid === 'number',
  );
  const chosen = workers[Math.floor(random() * workers.length)];
  try {
    if (target === 'parent') run.kill('SIGKILL');
    else if (target === 'group') run.killGroup('SIGKILL');
    else if (chosen === undefined) return false;
    else process.kill(chosen['pid'] as number, 'SIGKILL');
    return !run.ended;
  } catch (error) {
    // It ended by itself a moment before.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}

/** A small seeded generator, so that a failing storm can be had again. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
