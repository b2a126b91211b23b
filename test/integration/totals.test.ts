import { readFile } from 'node:fs/promises';

import { afterEach, expect, test } from '@jest/globals';
import { reportSchema } from '@virnucpro/monitor';

import { faultJob, is, withFaults } from '../faults/faults.ts';
import { killRunningPrograms, RunningProgram, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

interface TracedPack {
  readonly name: string;
  readonly sequences: number;
  readonly tokens: number;
}

async function readTrace(out: string): Promise<TracedPack[]> {
  const [head = '', ...lines] = (await readFile(`${out}/trace.tsv`, 'utf8')).trim().split('\n');
  const columns = head.split('\t');
  return lines.map((line) => {
    const fields = line.split('\t');
    const field = (name: string) => fields[columns.indexOf(name)]!;
    return {
      name: `${field('shard')}/${field('pack')}`,
      sequences: Number(field('sequences')),
      tokens: Number(field('tokens')),
    };
  });
}

test('over a stop, a kill and a resume the numbers add up to what the output holds', async () => {
  const out = directory.path('out');
  const job = faultJob(out, { workers: 2 });
  const slow = withFaults({ slowMs: 60 });
  const stopped = new RunningProgram(job, slow);
  await stopped.event(is('shard-completed'));
  stopped.kill('SIGTERM');
  expect((await stopped.result).code).toBe(75);
  const halfway = reportSchema.parse(JSON.parse(await readFile(`${out}/report.json`, 'utf8')));
  expect(halfway.status).toBe('stopped');
  expect(halfway.totals.rows).toBeGreaterThan(0);
  expect(halfway.totals.rows).toBeLessThan(246);

  const killed = new RunningProgram(['resume', out], slow);
  await killed.event(is('shard-completed'));
  killed.kill('SIGKILL');
  await killed.result;

  expect((await runProgram(['resume', out])).code).toBe(0);
  const report = reportSchema.parse(JSON.parse(await readFile(`${out}/report.json`, 'utf8')));
  const { totals, computed, workers } = report;
  const rows = (await readFile(`${out}/sequences.tsv`, 'utf8')).trim().split('\n').slice(1);
  expect(totals).toMatchObject({ records: 246, rows: rows.length, tokens: 42_968, rejected: 0 });
  expect(totals.shardsDone).toBe(totals.shards);
  // What this attempt computed, and what it found, are all packs, once each.
  expect(computed.packs + totals.packsReused).toBe(totals.packs);
  expect(workers.reduce((sum, worker) => sum + worker.tokens, 0)).toBe(computed.tokens);
  expect(computed.lengthCounts.reduce((sum, count) => sum + count, 0)).toBe(computed.sequences);
  expect(report.timeline.at(-1)?.tokens.reduce((sum, tokens) => sum + tokens, 0)).toBe(computed.tokens);

  // The trace has the packs of all attempts, but for the last half second of the one that was killed.
  const packs = new Map((await readTrace(out)).map((pack) => [pack.name, pack]));
  expect(packs.size).toBeLessThanOrEqual(totals.packs);
  expect(packs.size).toBeGreaterThanOrEqual(halfway.computed.packs + computed.packs);
}, 120_000);

test('the trace of a run has each of its packs, with what the report adds up', async () => {
  const out = directory.path('out');
  expect((await runProgram(faultJob(out, { workers: 2 }))).code).toBe(0);
  const { totals, computed } = reportSchema.parse(JSON.parse(await readFile(`${out}/report.json`, 'utf8')));
  const packs = await readTrace(out);
  expect(new Set(packs.map(({ name }) => name)).size).toBe(totals.packs);
  expect(packs).toHaveLength(totals.packs);
  expect(packs.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(computed.tokens);
  expect(packs.reduce((sum, { sequences }) => sum + sequences, 0)).toBe(computed.sequences);
  // A run that was thrown away is not in the trace of the next.
  expect((await runProgram(faultJob(out, { workers: 2, options: ['--force-restart'] }))).code).toBe(0);
  expect(await readTrace(out)).toHaveLength(totals.packs);
}, 60_000);

test('report prints how a run went, and writes its page anywhere', async () => {
  const out = directory.path('out');
  const early = await runProgram(['report', out]);
  expect(early.code).toBe(2);
  expect(early.stderr).toContain('holds no run');
  expect((await runProgram(faultJob(out))).code).toBe(0);
  const page = directory.path('page.html');
  const { code, stdout } = await runProgram(['report', out, '--html', page]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^status {4}complete$/m);
  expect(stdout).toMatch(/^rows {6}246 of 246 records, 0 rejected$/m);
  expect(await readFile(page, 'utf8')).toBe(await readFile(`${out}/report.html`, 'utf8'));
  const json = await runProgram(['report', out, '--json']);
  expect(JSON.parse(json.stdout)).toEqual(JSON.parse(await readFile(`${out}/report.json`, 'utf8')));
}, 60_000);

test.each([
  [['--html', '/nowhere/page.html'], /folder \/nowhere does not exist/],
  [['--html', '/tmp'], /is a directory/],
  [['--html'], /--html needs a value/],
])('report %j is a mistake of one line', async (options, reason) => {
  const { code, stderr } = await runProgram(['report', directory.path('out'), ...options]);
  expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
  expect(stderr).toMatch(reason);
});
