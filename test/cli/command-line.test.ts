import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { readConfigFile } from '../../packages/orchestrator/src/config/config-file.ts';
import { resolveSettings } from '../../packages/orchestrator/src/config/layers.ts';
import { runProgram } from '../program/run-program.ts';

describe('the command line', () => {
  test('without arguments shows what it does and how', async () => {
    const { code, stdout } = await runProgram([]);
    expect(code).toBe(0);
    for (const text of [
      'FASTA... -o RUN_DIR',
      'resume',
      'status',
      'verify',
      '--token-budget',
      'proteins.faa -o out',
    ]) {
      expect(stdout).toContain(text);
    }
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
  });

  test('breaks the lines of its help between words', async () => {
    const { stdout } = await runProgram(['translate', '--help']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'as the classifier was trained (300|500) [none: translation',
    );
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'PREFIX_identified_nucleotide.fa and PREFIX_identified_protein.faa',
    );
  });

  test('knows its version', async () => {
    const { version } = JSON.parse(await readFile('packages/orchestrator/package.json', 'utf8')) as {
      version: string;
    };
    expect(await runProgram(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test.each([['status'], ['resume'], ['verify']])('%s of a folder without a run says so', async (command) => {
    const { code, stderr } = await runProgram([command, '/nowhere/run']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/\/nowhere\/run/);
  });
});

test('the shipped configuration file is the defaults', async () => {
  const path = join('config', 'default.yaml');
  const settings = resolveSettings([]);
  expect(resolveSettings([await readConfigFile(path)])).toEqual(settings);
  const shipped = Object.keys(parse(await readFile(path, 'utf8')) as object);
  expect(shipped.sort()).toEqual(
    Object.entries(settings)
      .filter(([, value]) => value !== null)
      .map(([name]) => name)
      .sort(),
  );
});
