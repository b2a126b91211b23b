import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';

import { inTemporaryDirectory } from '../inputs.ts';
import { medianOf, type Cell, type Topic } from '../topic.ts';

/** Real genomes, repeated under new names until there are enough. */
const GENOMES = ['lambda.fa', 'sars2.fasta', 'phix.fasta', 'flu_ha.fasta', 'flu_pb2.fasta'];
const FIXTURES = join(import.meta.dirname, '../../test/fixtures/virnucpro/inputs');
const PROGRAM = join(import.meta.dirname, '../../packages/orchestrator/bin/virnucpro-orchestrate.js');
const LIBRARY = join(import.meta.dirname, '../programs/translate-proteins.mjs');
const INPUT_BYTES = 60e6;
const ROUNDS = 5;
const SAMPLE_MS = 20;

/** Node reads these certificates at every start, which takes longer than all else in it; nothing here uses them. */
const ENVIRONMENT = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };

interface Measured {
  readonly wallMs: number;
  /** User and system, of all threads. */
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
const START = 'ours, one small genome: the start of the program';
const CONTESTANTS: readonly Contestant[] = [
  {
    name: 'ours: chunks, open frames, their bases',
    needs: null,
    command: (input, output) => ours(input, output),
  },
  {
    name: 'ours with --proteins-only',
    needs: null,
    command: (input, output) => ours(input, output, '--proteins-only'),
  },
  {
    name: 'ours with --orfs --min-residues 30',
    needs: null,
    command: (input, output) => ours(input, output, '--orfs', '--min-residues', '30'),
  },
  {
    name: 'our library, only proteins written',
    needs: null,
    command: (input, output) => [process.execPath, LIBRARY, input, output],
  },
  {
    name: START,
    needs: null,
    command: (_, output) => ours(join(FIXTURES, 'phix.fasta'), output),
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
      const [startLoad = NaN] = loadavg();
      const [small, large] = [join(directory, 'small.fna'), join(directory, 'large.fna')];
      await writeGenomes(small, INPUT_BYTES / 10);
      await writeGenomes(large, INPUT_BYTES);
      const present = CONTESTANTS.filter(({ needs }) => needs === null || isInstalled(needs));
      const missing = CONTESTANTS.filter((contestant) => !present.includes(contestant));
      return {
        columns: [
          'what',
          'CPU-s',
          'wall s',
          'MB per CPU-s',
          'times seqkit',
          'times transeq',
          'peak RSS, MiB',
          'of a tenth of it',
        ],
        rows: await compare(present, { small, large, directory }),
        notes: [
          `${INPUT_BYTES / 1e6} MB of viral genomes; medians of ${ROUNDS} rounds, in each of which all take their turn; CPU time, user and system, of the whole program, pinned to one core: a busy machine spoils it less than the clock.`,
          'The peers write all frames of whole records, stops and all, to one file of 121 MB; ours three files of 149 MB: the chunks, and bases and residues of what is open. With --proteins-only one file of 24 MB, with --orfs three of 406 MB.',
          '--proteins-only writes less than the peers do, from the same bases: it is what is embedded of them. The library does the same from readSync to writeSync, without the command around it, fsync and rename.',
          'Without NODE_EXTRA_CA_CERTS: where it is set, every start of Node reads the certificates (0.05 CPU-s for 220 kB).',
          `Load of the machine when this began: ${startLoad.toFixed(1)}.`,
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
  const output = join(directory, 'out', 'of');
  const runs = new Map(contestants.map(({ name }) => [name, [] as Measured[]]));
  const peaks = new Map<string, number>();
  for (const { name, command } of contestants)
    peaks.set(name, (await measure(command(small, output), dirname(output))).peakRssBytes);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, command } of contestants) {
      await readFile(large);
      runs.get(name)?.push(await measure(command(large, output), dirname(output)));
    }
  }
  const medianMs = (name: string, of: (run: Measured) => number) => medianOf((runs.get(name) ?? []).map(of));
  const cpuMs = (name: string) => medianMs(name, (run) => run.cpuMs);
  const times = (peer: string, name: string) =>
    runs.has(peer) && name !== START ? cpuMs(peer) / cpuMs(name) : '';
  return contestants.map(({ name }) => [
    name,
    cpuMs(name) / 1e3,
    medianMs(name, (run) => run.wallMs) / 1e3,
    name === START ? '' : size / 1e3 / cpuMs(name),
    times(SEQKIT, name),
    times(TRANSEQ, name),
    medianMs(name, (run) => run.peakRssBytes) / 2 ** 20,
    (peaks.get(name) ?? NaN) / 2 ** 20,
  ]);
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined;
}

/** @param outputs folder that is made for it, and removed: nobody replaces what was there */
async function measure(command: readonly string[], outputs: string): Promise<Measured> {
  await mkdir(outputs);
  const startMs = performance.now();
  const child = spawn('bash', ['-c', TIMED, 'bash', ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: ENVIRONMENT,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  let peakRssBytes = 0;
  const sampling = setInterval(() => {
    peakRssBytes = Math.max(peakRssBytes, peakRssOf(childOf(child.pid)));
  }, SAMPLE_MS);
  const code = await new Promise((resolve) => child.once('close', resolve));
  const wallMs = performance.now() - startMs;
  clearInterval(sampling);
  await rm(outputs, { recursive: true });
  if (code !== 0) throw new Error(`${command.join(' ')}: ${said}`);
  const [user = NaN, system = NaN] = said.trimEnd().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return { wallMs, cpuMs: 1e3 * (user + system), peakRssBytes };
}

/** Runs a command on one core; its CPU seconds are the last line on stderr. */
const TIMED = 'TIMEFORMAT="%3U %3S"; time taskset -c 0 "$@"';

function childOf(pid: number | undefined): string {
  return readProc(`${pid ?? 0}/task/${pid ?? 0}/children`).split(' ')[0] ?? '';
}

function peakRssOf(pid: string): number {
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readProc(`${pid}/status`))?.[1] ?? 0);
}

/** Empty when the process is gone, or the system has no /proc. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
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
