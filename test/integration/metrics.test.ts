import { mkdir, readFile, writeFile } from 'node:fs/promises';

import { afterEach, expect, test } from '@jest/globals';

import { killRunningPrograms, outputHashes, RunningProgram, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { faultJob, is, withFaults } from '../faults/faults.ts';
import { unfaulted } from '../faults/unfaulted.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

/** Sum over all label sets of a metric in Prometheus' text format. */
function sumOf(text: string, name: string): number {
  const values = text.split('\n').filter((line) => line.startsWith(`virnucpro_${name}{`));
  return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

interface Report {
  readonly computed: { readonly tokens: number; readonly packs: number };
}

test('metrics can be scraped while a run goes on, and the file at its end holds what the report holds', async () => {
  const [out, file] = [directory.path('out'), directory.path('run.prom')];
  const options = ['--metrics-port', '0', '--metrics-file', file];
  const run = new RunningProgram(faultJob(out, { workers: 2, options }), withFaults({ slowMs: 150 }));
  const { url } = await run.event(is('metrics-listening'));
  // Workers tell their numbers twice a second; the run lasts for many of these.
  let scraped = '';
  while (sumOf(scraped, 'tokens_computed_total') === 0 || sumOf(scraped, 'workers_ready') < 2) {
    const response = await fetch(String(url));
    expect(response.headers.get('content-type')).toContain('text/plain');
    scraped = await response.text();
  }
  expect(sumOf(scraped, 'tokens_computed_total')).toBeGreaterThan(0);
  expect(sumOf(scraped, 'device_busy_seconds_total')).toBeGreaterThan(0);
  expect(sumOf(scraped, 'workers_ready')).toBe(2);
  expect(sumOf(scraped, 'tokens_expected')).toBe(42_968);
  expect(scraped).toContain('# TYPE virnucpro_packs_computed_total counter');
  expect((await fetch(new URL('/', String(url)))).status).toBe(404);
  expect(new URL(String(url)).hostname).toBe('127.0.0.1');
  expect((await run.result).code).toBe(0);
  const { computed } = JSON.parse(await readFile(`${out}/report.json`, 'utf8')) as Report;
  const final = await readFile(file, 'utf8');
  expect(sumOf(final, 'tokens_computed_total')).toBe(computed.tokens);
  expect(sumOf(final, 'packs_computed_total')).toBe(computed.packs);
  expect(sumOf(final, 'tokens_done')).toBe(42_968);
}, 60_000);

test('metrics that cannot be given do not stop a run: it says so once', async () => {
  const out = directory.path('out');
  const { code, stderr } = await runProgram(
    faultJob(out, { options: ['--metrics-file', '/nowhere/run.prom'] }),
  );
  expect(code).toBe(0);
  expect(stderr.match(/metrics cannot be written/g)).toHaveLength(1);
}, 60_000);

test('status --watch follows a run to its end', async () => {
  const out = directory.path('out');
  const run = new RunningProgram(faultJob(out), withFaults({ slowMs: 30 }));
  await run.event(is('worker-ready'));
  const { stdout } = await runProgram(['status', out, '--watch']);
  expect(stdout).toMatch(/^\d+ % · [\d,]+ sequences/m);
  expect(stdout).toContain('complete');
  expect((await run.result).code).toBe(0);
}, 60_000);

test('records that cannot be written are said and left out; the results are there and whole', async () => {
  const out = directory.path('out');
  const names = ['report.json', 'report.html', 'events.jsonl', 'trace.tsv'];
  const logs = ['logs/orchestrator.log', 'logs/worker-0.log', 'logs/trace-0.tsv'];
  for (const name of [...names, ...logs]) await mkdir(`${out}/${name}`, { recursive: true });
  const { code, stderr } = await runProgram(faultJob(out, { workers: 1 }));
  expect(code).toBe(0);
  const said = ['report.json', 'report.html', 'trace.tsv', 'logs/orchestrator.log', 'logs/worker-0.log'];
  for (const name of said)
    expect(stderr.match(new RegExp(`${name} (could not|cannot) be written`, 'g'))).toHaveLength(1);
  expect(await outputHashes(out)).toEqual(await unfaulted());
  expect((await runProgram(['verify', out])).code).toBe(0);
  expect((await runProgram(['status', out])).stdout).toContain('complete');
}, 60_000);

test.each([
  ['the input', (_out: string, input: string) => input, /would overwrite/],
  ['a result', (out: string) => `${out}/embeddings.npy`, /would overwrite/],
  ['a device', () => '/dev/null', /no regular file/],
  ['a directory', () => '/tmp', /is a directory/],
])('a metrics file that is %s is refused before anything is written', async (_, fileOf, reason) => {
  const out = directory.path('out');
  const input = directory.path('in.faa');
  await writeFile(input, '>a\nMKV\n');
  const options = ['--metrics-file', fileOf(out, input)];
  const { code, stderr } = await runProgram(faultJob(out, { input, options }));
  expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
  expect(stderr).toMatch(reason);
  expect(await readFile(input, 'utf8')).toBe('>a\nMKV\n');
});
