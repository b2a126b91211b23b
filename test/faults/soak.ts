import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import yargs from 'yargs';

import { killRunningPrograms } from '../program/run-program.ts';
import { killStorm } from './kill-storm.ts';
import { sweep, SWEPT, type How } from './sweep.ts';

const HOWS: readonly How[] = ['die', 'fail', 'torn'];

/** The long version of the fault tests: random kills by the hundred, and every call of every sweep. */
const { kills, seed, sweeps } = await yargs(process.argv.slice(2))
  .usage('npm run soak -- --kills 1000')
  .option('kills', { type: 'number', default: 1000, describe: 'SIGKILLs that must hit something' })
  .option('seed', {
    type: 'number',
    default: Date.now() % 1e9,
    describe: 'of the storm; printed, for another time',
  })
  .option('sweeps', { type: 'boolean', default: true, describe: 'sweep all file system calls too' })
  .strict()
  .parseAsync();

const directory = await mkdtemp(join(tmpdir(), 'virnucpro-soak-'));
const startedMs = performance.now();
const mismatches: string[] = [];
process.once('SIGINT', () => {
  killRunningPrograms();
  process.exit(130);
});

if (sweeps) {
  let points = 0;
  for (const swept of SWEPT) {
    for (const how of HOWS) {
      const result = await sweep({ swept, how, stride: 1, directory: join(directory, `${swept}-${how}`) });
      points += result.points;
      mismatches.push(...result.mismatches);
      console.log(
        `sweep of the ${swept}, ${how}: ${result.points} points, ${result.mismatches.length} mismatches`,
      );
    }
  }
  console.log(`sweeps: ${points} points in all`);
}

console.log(
  `storm: ${kills} kills, seed ${seed} (again with: npm run soak -- --kills ${kills} --seed ${seed})`,
);
let lastMs = 0;
const storm = await killStorm({
  seed,
  kills,
  directory,
  onRun: (progress) => {
    if (performance.now() - lastMs < 10_000) return;
    lastMs = performance.now();
    console.log(`  ${describe(progress)}`);
  },
});
mismatches.push(...storm.mismatches);
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
console.log(`soak: ${describe(storm)}; ${minutes} min; ${mismatches.length} mismatches in all`);
if (mismatches.length === 0) await rm(directory, { recursive: true, force: true });
else console.log(`kept for a look: ${directory}\n${mismatches.join('\n')}`);
process.exitCode = mismatches.length === 0 ? 0 : 1;

function describe({
  kills: hit,
  runsCompleted,
  mismatches: wrong,
}: Awaited<ReturnType<typeof killStorm>>): string {
  const total = hit.worker + hit.parent + hit.group;
  return (
    `${total} kills (${hit.worker} of workers, ${hit.parent} of the parent, ${hit.group} of the group), ` +
    `${runsCompleted} runs completed, ${wrong.length} mismatches`
  );
}
