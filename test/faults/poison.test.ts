import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import { modelWithNan } from '../program/nan-model.ts';
import { readNumpy } from '../program/numpy.ts';
import { killRunningPrograms, outputHashes, RunningProgram, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';
import { faultJob, is, withFaults, type Faults } from './faults.ts';

const directory = useTemporaryDirectory();
afterEach(killRunningPrograms);

/** Rows by id, as bytes. */
async function rowsOf(out: string): Promise<Map<string, string>> {
  const lines = (await readFile(join(out, 'sequences.tsv'), 'utf8')).trimEnd().split('\n').slice(1);
  const { data, shape } = await readNumpy(join(out, 'embeddings.npy'));
  const width = shape[1]!;
  return new Map(
    lines.map((line, row) => [
      line.split('\t')[1]!,
      Buffer.from(data.slice(row * width, (row + 1) * width).buffer).toString('hex'),
    ]),
  );
}

async function failedOf(out: string): Promise<string[][]> {
  const lines = (await readFile(join(out, 'failed.tsv'), 'utf8')).trimEnd().split('\n').slice(1);
  return lines.map((line) => line.split('\t'));
}

/** Enough for packs of many records and of one, in a dozen shards. */
const RECORDS = 80;

/** Puts residues in a row that occur nowhere else into some records, in the place of as many others. */
async function poisonRecords(positions: readonly number[], residues: string): Promise<[string, string[]]> {
  const records = (await readFile(PHAGE_PROTEINS, 'utf8')).split(/^(?=>)/m).slice(0, RECORDS);
  const ids = positions.map((position) => {
    const [head, ...lines] = records[position]!.trimEnd().split('\n');
    const sequence = lines.join('');
    records[position] = `${head}\n${residues}${sequence.slice(residues.length)}\n`;
    return head!.slice(1).split(/\s/)[0]!;
  });
  const path = directory.path('poisoned.faa');
  await writeFile(path, records.join(''));
  return [path, ids];
}

const POISON = 'WWCWWHWWCWW';

describe('records that end the worker that computes them', () => {
  test.each([
    { how: 'SIGSEGV', positions: [17, 61], detail: 'SIGSEGV', otherWorkers: 2 },
    { how: 'throw', positions: [70], detail: 'the kernel does not like this record', otherWorkers: null },
  ] as const)(
    'by $how are rejected, exactly they; all others have the bytes of a run without the fault',
    async (fault) => {
      const [input, ids] = await poisonRecords(fault.positions, POISON);
      const untouched = directory.path('untouched');
      expect((await runProgram(faultJob(untouched, { input }))).code).toBe(0);
      const out = directory.path('out');
      const faults: Faults = { poison: [{ residues: POISON, how: fault.how }] };
      const run = new RunningProgram(faultJob(out, { input }), withFaults(faults));
      expect(await run.result).toMatchObject({ code: 3 });
      const failed = await failedOf(out);
      expect(failed.map(([id]) => id)).toEqual(ids);
      for (const [, , , reason, detail] of failed) {
        expect(reason).toBe('crashes-worker');
        expect(detail).toContain(fault.detail);
      }
      const expected = await rowsOf(untouched);
      for (const id of ids) expected.delete(id);
      expect(await rowsOf(out)).toEqual(expected);
      expect((await runProgram(['verify', out])).code).toBe(0);
      if (fault.otherWorkers === null) return;
      // Another number of workers meets the records in another order, with the same end.
      const others = directory.path('others');
      const job = faultJob(others, { input, workers: fault.otherWorkers });
      expect((await runProgram(job, withFaults(faults))).code).toBe(3);
      expect(await outputHashes(others)).toEqual(await outputHashes(out));
    },
    120_000,
  );

  test('are rejected also when the run is killed in the middle of the search', async () => {
    const [input, ids] = await poisonRecords([17], POISON);
    const faults = withFaults({ poison: [{ residues: POISON, how: 'SIGABRT' }] });
    const out = directory.path('out');
    const first = new RunningProgram(faultJob(out, { input }), faults);
    await first.event(is('worker-lost'), 4);
    first.killGroup('SIGKILL');
    await first.result;
    expect((await runProgram(faultJob(out, { input }), faults)).code).toBe(3);
    const failed = await failedOf(out);
    expect(failed.map(([id]) => id)).toEqual(ids);
    expect(failed[0]!.slice(3)).toEqual(['crashes-worker', expect.stringContaining('SIGABRT')]);
    const untouched = directory.path('untouched');
    expect((await runProgram(faultJob(untouched, { input }))).code).toBe(0);
    const expected = await rowsOf(untouched);
    for (const id of ids) expected.delete(id);
    expect(await rowsOf(out)).toEqual(expected);
  }, 120_000);
});

test('a record that the model turns into NaN is rejected, and its neighbours keep their bytes', async () => {
  // Pyrrolysine, the rarest residue: no record of the input has it, and this model knows no number for it.
  const [input, ids] = await poisonRecords([40, 41, 70], 'O');
  const untouched = directory.path('untouched');
  expect((await runProgram(faultJob(untouched, { input }))).code).toBe(0);
  const model = directory.path('model');
  await modelWithNan(TINY_MODEL, model, 'O');
  const out = directory.path('out');
  expect((await runProgram(faultJob(out, { input, model }))).code).toBe(3);
  expect((await failedOf(out)).map(([id, , , reason]) => [id, reason])).toEqual(
    ids.map((id) => [id, 'non-finite']),
  );
  const expected = await rowsOf(untouched);
  for (const id of ids) expected.delete(id);
  expect(await rowsOf(out)).toEqual(expected);
}, 60_000);

test('a machine on which everything crashes rejects nothing: exit 75, and the run can be resumed', async () => {
  const [input] = await poisonRecords([], '');
  const untouched = directory.path('untouched');
  expect((await runProgram(faultJob(untouched, { input }))).code).toBe(0);
  const out = directory.path('out');
  // Every protein of the input has a methionine, and so has its pack.
  const broken = withFaults({
    poison: [
      { residues: 'M', how: 'SIGSEGV' },
      { residues: 'AAA', how: 'SIGSEGV' },
    ],
  });
  const { code, stderr } = await runProgram(faultJob(out, { input }), broken);
  expect({ code, stderr }).toMatchObject({ code: 75 });
  expect((await runProgram(['resume', out])).code).toBe(0);
  expect(await outputHashes(out)).toEqual(await outputHashes(untouched));
}, 120_000);
