import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { inTemporaryDirectory } from '../inputs.ts';
import type { Cell, Topic } from '../topic.ts';

/** Real genomes, repeated under new names until there are enough. */
const GENOMES = ['lambda.fa', 'sars2.fasta', 'phix.fasta', 'flu_ha.fasta', 'flu_pb2.fasta'];
const FIXTURES = join(import.meta.dirname, '../../test/fixtures/virnucpro/inputs');
const PROGRAM = join(import.meta.dirname, '../../packages/orchestrator/bin/virnucpro-orchestrate.js');
const INPUT_BYTES = 60e6;
const ROUNDS = 3;
const SAMPLE_MS = 20;
/** Of the times in /proc, on Linux. */
const TICK_MS = 10;

interface Measured {
  readonly cpuMs: number;
  readonly peakRssBytes: number;
}

interface Contestant {
  readonly name: string;
  /** A program that must be there; ours always is. */
  readonly needs: string | null;
  readonly command: (input: string, output: string) => readonly string[];
}

const ours = (input: string, output: string, ...options: string[]): readonly string[] => [
  ...[process.execPath, PROGRAM, 'translate', input, '-o', output],
  ...['--chunk', '300', ...options],
];

const SEQKIT = 'seqkit translate -f 6 -j 1';
const TRANSEQ = 'transeq -frame 6';
const CONTESTANTS: readonly Contestant[] = [
  {
    name: 'ours: chunks, open frames, their bases',
    needs: null,
    command: (input, output) => ours(input, output),
  },
  {
    name: 'ours with --orfs --min-residues 30',
    needs: null,
    command: (input, output) => ours(input, output, '--orfs', '--min-residues', '30'),
  },
  {
    name: SEQKIT,
    needs: 'seqkit',
    command: (input, output) => ['seqkit', 'translate', '-f', '6', '-j', '1', input, '-o', output],
  },
  {
    name: TRANSEQ,
    needs: 'transeq',
    command: (input, output) => ['transeq', '-frame', '6', '-sequence', input, '-outseq', output],
  },
];

export const translateTopic: Topic = {
  name: 'translate',
  question: 'how fast are genomes translated in six frames, per second of one core, files read and written?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const [small, large] = [join(directory, 'small.fna'), join(directory, 'large.fna')];
      await writeGenomes(small, INPUT_BYTES / 10);
      await writeGenomes(large, INPUT_BYTES);
      const present = CONTESTANTS.filter(({ needs }) => needs === null || isInstalled(needs));
      const missing = CONTESTANTS.filter((contestant) => !present.includes(contestant));
      return {
        columns: [
          'what',
          'MB per CPU-s',
          'times seqkit',
          'times transeq',
          'peak RSS, MiB',
          'of a tenth of it',
        ],
        rows: await compare(present, { small, large, directory }),
        notes: [
          `${INPUT_BYTES / 1e6} MB of viral genomes; medians of ${ROUNDS} rounds, in each of which all take their turn; CPU time, user and system, of the whole program, pinned to one core: a busy machine spoils it less than the clock.`,
          'The peers write all frames of whole records, stops and all; ours three files: the chunks, and bases and residues of what is open.',
          ...missing.map(({ name, needs }) => `No row for ${name}: ${needs ?? ''} is not installed.`),
        ],
      };
    }),
};

interface Inputs {
  readonly small: string;
  readonly large: string;
  readonly directory: string;
}

async function compare(
  contestants: readonly Contestant[],
  { small, large, directory }: Inputs,
): Promise<Cell[][]> {
  const { size } = await stat(large);
  const output = join(directory, 'out');
  const runs = new Map(contestants.map(({ name }) => [name, [] as Measured[]]));
  const peaks = new Map<string, number>();
  for (const { name, command } of contestants)
    peaks.set(name, (await measure(command(small, output))).peakRssBytes);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, command } of contestants) {
      await readFile(large);
      runs.get(name)?.push(await measure(command(large, output)));
      await rm(output, { force: true });
    }
  }
  const cpuMs = (name: string) => medianOf(runs.get(name) ?? [], (run) => run.cpuMs);
  const times = (peer: string, name: string) => (runs.has(peer) ? cpuMs(peer) / cpuMs(name) : '');
  return contestants.map(({ name }) => [
    name,
    size / 1e3 / cpuMs(name),
    times(SEQKIT, name),
    times(TRANSEQ, name),
    medianOf(runs.get(name) ?? [], (run) => run.peakRssBytes) / 2 ** 20,
    (peaks.get(name) ?? NaN) / 2 ** 20,
  ]);
}

function medianOf(runs: readonly Measured[], of: (run: Measured) => number): number {
  return runs.map(of).sort((a, b) => a - b)[runs.length >> 1] ?? NaN;
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined;
}

async function measure(command: readonly string[]): Promise<Measured> {
  const child = spawn('taskset', ['-c', '0', ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  let [peakRssBytes, cpuMs] = [0, 0];
  const sampling = setInterval(() => {
    const usage = usageOf(child.pid);
    peakRssBytes = Math.max(peakRssBytes, usage.peakRssBytes);
    cpuMs = Math.max(cpuMs, usage.cpuMs);
  }, SAMPLE_MS);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(sampling);
  if (code !== 0) throw new Error(`${command.join(' ')}: ${errors}`);
  return { cpuMs, peakRssBytes };
}

/** Of all its threads, user and system; 0 when the process is gone, or the system has no /proc. */
function usageOf(pid: number | undefined): Measured {
  try {
    const status = readFileSync(`/proc/${pid ?? 0}/status`, 'utf8');
    const peakRssBytes = 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    const [, fields = ''] = readFileSync(`/proc/${pid ?? 0}/stat`, 'utf8').split(') ');
    const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number);
    return { peakRssBytes, cpuMs: (user + system) * TICK_MS };
  } catch {
    return { peakRssBytes: 0, cpuMs: 0 };
  }
}

async function writeGenomes(path: string, bytes: number): Promise<void> {
  const texts = await Promise.all(GENOMES.map((name) => readFile(join(FIXTURES, name), 'latin1')));
  const file = await open(path, 'w');
  let written = 0;
  for (let copy = 0; written < bytes; copy += 1) {
    const text = texts.join('').replace(/^>/gm, `>copy${copy}_`);
    await file.write(text, null, 'latin1');
    written += text.length;
  }
  await file.close();
}
