import { access, cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { PHAGE_PROTEINS } from '../program/fixtures.ts';
import { outputHashes, RunningProgram, runProgram } from '../program/run-program.ts';
import { faultJob, is, withFaults, type FaultJob, type FileFault } from './faults.ts';

/** Where a process is hit: the program at the end of a run, a worker, a worker that takes over torn logs. */
export const SWEPT = ['program', 'worker', 'recovery'] as const;
export type Swept = (typeof SWEPT)[number];
export type How = FileFault['how'];

export interface SweepOptions {
  readonly swept: Swept;
  readonly how: How;
  /** 1 is every call; otherwise one of so many different ones, the first of each name, and deaths at the last. */
  readonly stride: number;
  /** A folder of one sweep at a time. What the sweeps of one folder have in common is made once. */
  readonly directory: string;
  readonly onPoint?: (call: number, name: string) => void;
}

export interface SweepResult {
  /** Calls at which the fault happened. */
  readonly points: number;
  /** Those after which the bytes were others than the untouched run's. */
  readonly mismatches: readonly string[];
}

/**
 * As SQLite tests itself: the N-th call to the file system fails, ends the process, or tears a write, for N = 1, 2, …
 * until a run gets through without meeting the fault. After each one the run is brought to its end, and its bytes are
 * compared with those of a run without a fault.
 */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const { swept, how, directory } = options;
  await mkdir(directory, { recursive: true });
  const job = { input: await fewRecords(directory), workers: 1 } as const;
  const expected = await untouched(directory, job);
  const calls = await countCalls(swept, directory, job);
  const mismatches: string[] = [];
  const waiting = choosePoints(calls, options);
  let points = 0;
  const lane = async (number: number): Promise<void> => {
    for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
      const { at, name } = point;
      options.onPoint?.(at, name);
      const out = await prepare(swept, directory, job, `out-${number}`);
      const fault: FileFault = { at, how, once: join(directory, `once-${swept}-${how}-${at}`) };
      if (await faultAndRecover(out, swept, job, fault)) points += 1;
      if (JSON.stringify(await outputHashes(out)) !== expected)
        mismatches.push(`${swept} ${how} at call ${at}, ${name}`);
    }
  };
  await Promise.all([lane(1), lane(2)]);
  return { points, mismatches };
}

interface Point {
  /** Which call, from 1. */
  readonly at: number;
  readonly name: string;
}

function choosePoints(calls: readonly string[], { swept, how, stride }: SweepOptions): Point[] {
  const possible = calls
    .map((name, index) => ({ at: index + 1, name }))
    .filter(({ name }) => isPossible(how, name));
  if (stride === 1) return possible;
  const different = possible.filter(
    ({ at, name }) => how !== 'die' || at === possible.at(-1)?.at || changesSomething(swept, name),
  );
  return different.filter((point, index) => {
    const ofItsName = different.filter(({ name }) => name === point.name);
    const isLast = how === 'die' && point === ofItsName.at(-1);
    return index % stride === 0 || point === ofItsName[0] || isLast;
  });
}

/** Only a write can be torn; to die before a close is to die before what follows it. */
function isPossible(how: How, name: string): boolean {
  return how === 'torn' ? name === 'write' : how !== 'die' || name !== 'close';
}

/**
 * To die before a call that changes nothing is to die before the call after it. A kill takes nothing from a file that
 * is not synced; but what a worker has synced it tells its parent, whose knowledge makes a difference.
 */
function changesSomething(swept: Swept, name: string): boolean {
  return name !== 'syncDirectory' && name !== 'open r+' && !(swept === 'program' && name === 'sync');
}

/** @returns false when the run did not meet the fault */
async function faultAndRecover(out: string, swept: Swept, job: FaultJob, fault: FileFault): Promise<boolean> {
  const faults = withFaults(swept === 'program' ? { programFiles: fault } : { workerFiles: fault });
  const { code } = await runProgram(faultJob(out, job), faults);
  const met = await isThere(fault.once);
  if (code !== 0) {
    const recovered = await runProgram(faultJob(out, job));
    if (recovered.code !== 0)
      throw new Error(`no recovery from ${JSON.stringify(fault)}:\n${recovered.stderr}`);
  }
  return met;
}

/** The names of all calls of a run that meets no fault, in order. */
async function countCalls(swept: Swept, directory: string, job: FaultJob): Promise<string[]> {
  const calls = join(directory, `calls-${swept}`);
  const path = `${calls}.${swept === 'program' ? 'program' : 'worker'}`;
  if (!(await isThere(path))) {
    const out = await prepare(swept, directory, job, 'counted');
    const { code, stderr } = await runProgram(faultJob(out, job), withFaults({ countCalls: calls }));
    if (code !== 0) throw new Error(stderr);
  }
  return (await readFile(path, 'utf8')).trimEnd().split('\n');
}

async function untouched(directory: string, job: FaultJob): Promise<string> {
  const out = join(directory, 'untouched');
  if (!(await isThere(out))) {
    const { code, stderr } = await runProgram(faultJob(out, job));
    if (code !== 0) throw new Error(stderr);
  }
  return JSON.stringify(await outputHashes(out));
}

/** A run folder as the swept process is to find it. */
async function prepare(swept: Swept, directory: string, job: FaultJob, name: string): Promise<string> {
  const out = join(directory, name);
  await rm(out, { recursive: true, force: true });
  if (swept === 'worker') return out;
  const template = join(directory, `template-${swept}`);
  await makeTemplate(template, swept, job).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  await cp(template, out, { recursive: true });
  return out;
}

/** Killed when everything but the merge was done; for recovery, with logs whose tails are torn. */
async function makeTemplate(template: string, swept: Swept, job: FaultJob): Promise<void> {
  await mkdir(template);
  const run = new RunningProgram(faultJob(template, job), withFaults({ slowMs: 100 }));
  await run.event(is('shard-completed'), 2);
  run.kill('SIGKILL');
  await run.result;
  if (swept === 'program') {
    await finishShards(template, job);
    return;
  }
  for (const shard of ['000000', '000001']) {
    const log = join(template, `checkpoints/shard-${shard}.log`);
    await truncate(log, (await readFile(log)).length - 100);
  }
}

/** Goes on, and is killed once more when all shards are done: at the first sign of the merge. */
async function finishShards(template: string, job: FaultJob): Promise<void> {
  const calls = `${template}.calls`;
  const copy = `${template}.copy`;
  await cp(template, copy, { recursive: true });
  await runProgram(faultJob(copy, job), withFaults({ countCalls: calls }));
  const names = (await readFile(`${calls}.program`, 'utf8')).trimEnd().split('\n');
  // The last files that are opened so are the three results.
  const [firstResult = 0] = names.flatMap((name, index) => (name === 'open w' ? [index] : [])).slice(-3);
  const fault = { at: firstResult + 1, how: 'die', once: `${template}.once` } as const;
  await runProgram(faultJob(template, job), withFaults({ programFiles: fault }));
}

/** The first records of the real input: two shards or so, and as few calls as a run can have. */
async function fewRecords(directory: string): Promise<string> {
  const records = (await readFile(PHAGE_PROTEINS, 'utf8')).split(/^(?=>)/m);
  const path = join(directory, 'few.faa');
  await writeFile(path, records.slice(0, 13).join(''));
  return path;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
