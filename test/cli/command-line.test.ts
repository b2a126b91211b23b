import { execFile } from 'node:child_process';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { readConfigFile } from '../../packages/orchestrator/src/config/config-file.ts';
import { resolveSettings } from '../../packages/orchestrator/src/config/layers.ts';
import { PHAGE_PROTEINS } from '../program/fixtures.ts';
import { PROGRAM, runProgram } from '../program/run-program.ts';
import { useTemporaryDirectory } from '../program/temporary-directory.ts';

const directory = useTemporaryDirectory();
const GENOME = join(process.cwd(), 'test/fixtures/virnucpro/inputs/phix.fasta');
const RECORD = '>one\nATGGCTAAGGATATC\n';

/** In the empty folder of the test, where what a command writes by mistake is seen. */
const refused = async (args: readonly string[]) => {
  const { code, stdout, stderr } = await runProgram(args, { cwd: directory.path('.') });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  return stderr;
};

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

  test('has examples that can be copied, and no default for files', async () => {
    const { stdout } = await runProgram(['translate', '--help']);
    expect(stdout).toContain(
      'virnucpro-orchestrate translate contigs.fa.gz -o out/contigs --chunk 500 --proteins-only\n',
    );
    expect(stdout).not.toContain('[default: []]');
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

describe('files', () => {
  test.each([
    ['before and behind "--"', ['a.fa', '-o', 'q', '--chunk', '300', '--', '-b.fa']],
    ['behind "--" only', ['-o', 'q', '--chunk', '300', '--', '-b.fa', 'a.fa']],
    ['behind an option of the command before its name', ['--', 'a.fa', '-b.fa'], ['--chunk', '300', '-oq']],
  ])('count %s', async (_, args, before = []) => {
    await copyFile(GENOME, directory.path('a.fa'));
    await writeFile(directory.path('-b.fa'), RECORD);
    const { code, stdout } = await runProgram([...before, 'translate', ...args], {
      cwd: directory.path('.'),
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^input +2 records, 5,401 bases$/m);
  });

  test('behind "--" are none of the commands', async () => {
    expect(await refused(['-o', 'q', '--', 'status'])).toContain('status does not exist');
  });

  test('may be named by every command that takes a run', async () => {
    for (const command of ['status', 'resume', 'verify', 'report', 'merge'])
      expect(await refused([command, '--', '-run'])).toContain('-run');
  });

  test('that are the pipe of <(command) are told to come as "-"', async () => {
    const command = `"$0" "$1" translate <(cat "$2") -o q --chunk 300`;
    const shell = ['-c', command, process.execPath, PROGRAM, GENOME];
    const ended = await promisify(execFile)('bash', shell, { cwd: directory.path('.') }).catch(
      (error: unknown) => error,
    );
    expect(ended).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/cannot be read: it is a pipe; pipe data to standard input and give "-"/),
    });
  });

  test('are missed by name, and not when they are empty text', async () => {
    expect(await refused(['translate', '-o', 'q'])).toContain('translate needs <nucleotides..>');
    expect(await refused(['translate', '', '-o', 'q'])).toContain('An argument of translate is empty ("")');
  });
});

describe('an option that takes one value', () => {
  const twice = (option: string) => `error: ${option} was given twice: "a" and "b". Give it once.\n`;
  test.each([
    [['in.fa', '-o', 'a', '--out', 'b'], '--out'],
    [['in.fa', '-o', 'out', '--config', 'a', '--config', 'b'], '--config'],
    [['report', 'run', '--html', 'a', '--html=b'], '--html'],
    [['slurm', 'submit', 'in.fa', '-oa', '-o=b', '--nodes', '1'], '--out'],
    [['slurm', 'script', 'in.fa', '-o', 'a', '-o', 'b'], '--out'],
    [['translate', 'in.fa', '-o', 'out', '--chunk', 'a', '--chunk', 'b'], '--chunk'],
  ])('is refused when given twice: %j', async (args, option) => {
    expect(await refused(args)).toBe(twice(option));
  });

  test.each([
    [['in.fa', '-o', '']],
    [['in.fa', '-o']],
    [['in.fa', '--out=', '--json']],
    [['in.fa', '-o', '--json']],
    [['doctor', '--out', '']],
  ])('needs it, and nothing is written before: %j', async (args) => {
    expect(await refused(args)).toContain('--out needs a value');
    expect(await readdir(directory.path('.'))).toEqual([]);
  });

  test.each([
    [['in.fa', '--no-out'], '--no-out'],
    [['report', 'run', '--no-html'], '--no-html'],
    [['model', 'check', 'demo', '--no-fasta'], '--no-fasta'],
    [['in.fa', '--out.x', '5'], '--out.x'],
  ])('has no other spellings: %j', async (args, shown) => {
    expect(await refused(args)).toContain(`Unknown option ${shown}`);
  });

  test('is told from one that can be given again, and that takes no file', async () => {
    await writeFile(directory.path('in.fa'), '>one\nMKV\n');
    const lines = ['--setup', 'module load a', '--setup=ulimit -n 9', '--sbatch=--exclusive'];
    const args = ['slurm', 'script', '-o', 'out', '--nodes', '1', ...lines, '--setup', 'true', 'in.fa'];
    const { code, stdout } = await runProgram(args, { cwd: directory.path('.') });
    expect(code).toBe(0);
    expect(stdout).toContain('\nmodule load a\nulimit -n 9\ntrue\n');
    expect(stdout).toContain('#SBATCH --exclusive\n');
  });

  test('is checked against its choices', async () => {
    expect(await refused(['model', 'build', 'demo', '-o', 'q', '--dtype=float99'])).toBe(
      'error: --dtype is "float99": expected float32 or float16.\n',
    );
  });

  test.each([
    [['in.fa', '-o', '-']],
    [['translate', 'in.fa', '--chunk', '300', '-o', '-']],
    [['slurm', 'submit', 'in.fa', '-o-']],
  ])('is not standard input: %j', async (args) => {
    expect(await refused(args)).toContain('results are folders or files, not standard output');
  });
});

describe('an option that is on or off', () => {
  test.each([
    ['translate in.fa -o q --proteins-only=maybe', '--proteins-only is "maybe": expected true or false.'],
    ['in.fa -o q --translate=maybe', '--translate is "maybe": expected true or false.'],
    ['in.fa -o q --json --no-json', '--json was given twice'],
    ['in.fa -o q --no-json=true', '--no-json takes no value'],
  ])('is refused in %s', async (line, says) => {
    expect(await refused(line.split(' '))).toContain(says);
  });

  test.each([
    [['--proteins-only=1'], 1],
    [['--proteins-only', 'true'], 1],
    [['--proteins-only=0'], 3],
    [['--no-proteins-only'], 3],
    [['--proteins-only', 'false'], 3],
  ])('reads as its variable does: %j', async (flags, files) => {
    const args = ['translate', GENOME, '-o', 'q', '--chunk', '300', ...flags];
    const environment = { VIRNUCPRO_PROTEINS_ONLY: files === 1 ? '0' : '1' };
    expect((await runProgram(args, { cwd: directory.path('.'), env: environment })).code).toBe(0);
    expect(await readdir(directory.path('.'))).toHaveLength(files);
  });
});

describe('a mistyped', () => {
  test.each([
    ['translate --chunk 500 -o d --orf in.fa', 'Unknown option --orf. Did you mean --orfs?'],
    ['--translat in.fa --chunk 500 -o q', 'Unknown option --translat. Did you mean --translate?'],
    ['translate in.fa --protein-only', 'Unknown option --protein-only. Did you mean --proteins-only?'],
    ['in.fa --no-progres', 'Unknown option --no-progres. Did you mean --no-progress?'],
    ['translate in.fa -chunk 300', 'Unknown option -chunk. Did you mean --chunk?'],
    ['status --bogus', 'Unknown option --bogus. See --help.'],
    ['in.fa --no-such', 'Unknown option --no-such. See --help.'],
    ['verify run -x', 'Unknown option -x. See --help.'],
  ])('option is named before all else: %s', async (line, says) => {
    expect(await refused(line.split(' '))).toBe(`error: ${says}\n`);
  });

  test.each([
    ['tranlsate in.fa -o q --proteins-only', 'Did you mean the command "translate"?'],
    ['stauts run', 'Did you mean the command "status"?'],
    ['slurm stauts run', 'slurm has no command "stauts". Did you mean "slurm status"?'],
    ['model bogus', 'model has no command "bogus". It has build, info, check.'],
  ])('command is told from a file: %s', async (line, says) => {
    expect(await refused(line.split(' '))).toContain(says);
  });

  test('command may be the name of a file', async () => {
    await copyFile(PHAGE_PROTEINS, directory.path('statu'));
    const { stderr } = await runProgram(['statu'], { cwd: directory.path('.') });
    expect(stderr).toContain('Say where the results go: -o RUN_DIR.');
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
