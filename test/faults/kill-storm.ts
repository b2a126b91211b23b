import { RunningProgram, runProgram, outputHashes } from '../program/run-program.ts';
import { faultJob, withFaults } from './faults.ts';
import { pick, seededRandom } from './random.ts';

export interface StormOptions {
  readonly seed: number;
  readonly kills: number;
  /** A folder of the storm's own. */
  readonly directory: string;
  readonly onRun?: (progress: StormResult) => void;
}

export interface StormResult {
  /** Kills that hit something, by what they hit. */
  readonly kills: Readonly<Record<Target, number>>;
  readonly runsCompleted: number;
  /** Completed runs whose bytes were others than the untouched run's, or that verify did not pass. */
  readonly mismatches: readonly string[];
}

export type Target = 'worker' | 'parent' | 'group';

/**
 * Kills workers, parent and the whole group at random moments, again and again, also during recovery and merge, until
 * so many kills have hit; every run is brought to its end and compared with one that nobody touched.
 */
export async function killStorm(options: StormOptions): Promise<StormResult> {
  const random = seededRandom(options.seed);
  const untouched = `${options.directory}/untouched`;
  await runProgram(faultJob(untouched));
  const expected = JSON.stringify(await outputHashes(untouched));
  const kills = { worker: 0, parent: 0, group: 0 };
  const mismatches: string[] = [];
  let runsCompleted = 0;
  const total = (): number => kills.worker + kills.parent + kills.group;
  while (total() < options.kills || runsCompleted === 0) {
    const out = `${options.directory}/run-${runsCompleted}`;
    // Slow packs give the killer time to hit one in flight; workers may change between attempts.
    const faults = withFaults({ slowMs: pick([0, 0, 15], random) });
    const run = new RunningProgram(faultJob(out, { workers: pick([1, 2, 3], random) }), faults);
    if (total() < options.kills) await disturb(run, random, kills);
    if ((await run.result).code !== 0) continue;
    const verified = (await runProgram(['verify', out])).code === 0;
    if (!verified || JSON.stringify(await outputHashes(out)) !== expected) mismatches.push(out);
    runsCompleted += 1;
    options.onRun?.({ kills, runsCompleted, mismatches });
  }
  return { kills, runsCompleted, mismatches };
}

/** Some workers first, which the run must survive; then parent, group or nobody. */
async function disturb(
  run: RunningProgram,
  random: () => number,
  kills: Record<Target, number>,
): Promise<void> {
  const targets: Target[] = [];
  for (let workers = Math.floor(random() * 3); workers > 0; workers -= 1) targets.push('worker');
  if (random() < 0.8) targets.push(pick(['parent', 'group'], random));
  for (const target of targets) {
    await waitFor(run, run.events.length + 1 + Math.floor(random() * 12));
    if (kill(run, target, random)) kills[target] += 1;
  }
}

/** So many events in all, or the program's end, when it has less to say. */
async function waitFor(run: RunningProgram, events: number): Promise<void> {
  await run.event(() => true, events).catch(() => undefined);
}

function kill(run: RunningProgram, target: Target, random: () => number): boolean {
  const workers = run.events.filter(
    ({ event, pid }) => event === 'worker-started' && typeof pid === 'number',
  );
  try {
    if (target === 'parent') run.kill('SIGKILL');
    else if (target === 'group') run.killGroup('SIGKILL');
    else if (workers.length === 0) return false;
    else process.kill(pick(workers, random)['pid'] as number, 'SIGKILL');
    return !run.ended;
  } catch (error) {
    // It ended by itself a moment before.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}
