import { spawn, spawnSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { scanFasta } from '@virnucpro/fasta';
import { createEsmTokenizer } from '@virnucpro/model';

import { inTemporaryDirectory, writeFasta, type Mix } from '../inputs.ts';
import { medianOf, type Cell, type Topic } from '../topic.ts';

const INPUTS: readonly { readonly mix: Mix; readonly records: number }[] = [
  { mix: 'proteins, mean 337', records: 850_000 },
  { mix: 'equal 49', records: 2_000_000 },
];
const ROUNDS = 7;

interface Measured {
  readonly wallMs: number;
  readonly cpuMs: number;
}

interface Contestant {
  readonly name: string;
  readonly run: (path: string) => Promise<Measured>;
}

const SEQKIT: Contestant = {
  name: 'seqkit stats: counts only',
  run: (path) => command('seqkit', ['stats', path]),
};
const CONTESTANTS: readonly Contestant[] = [
  {
    name: 'ours: residues, bad characters, duplicate ids, checksums, shards',
    run: (path) => scan(path, 'error'),
  },
  { name: 'ours with --duplicate-ids keep', run: (path) => scan(path, 'keep') },
  SEQKIT,
  { name: 'grep -c: counts ">" only', run: (path) => command('grep', ['-c', '>', path], ' | cat') },
];

export const scanTopic: Topic = {
  name: 'scan',
  question: 'how fast are records found, checked, looked up for duplicates and cut into shards?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, 'input.faa');
      const rows: Cell[][] = [];
      for (const { mix, records } of INPUTS) {
        await writeFasta({ path, mix, records });
        rows.push(...(await compare(path)).map((row) => [mix, ...row]));
      }
      return {
        columns: ['input', 'what', 'MB/s', 'times seqkit stats', 'CPU-s / GB'],
        rows,
        notes: [
          `Warm page cache; medians of ${ROUNDS} rounds, in each of which all take their turn. Without seqkit on this machine its column is empty.`,
        ],
      };
    }),
};

async function compare(path: string): Promise<Cell[][]> {
  const { size } = await stat(path);
  await readFile(path);
  const present = CONTESTANTS.filter(({ run }) => run !== SEQKIT.run || isInstalled('seqkit'));
  const runs = new Map(present.map((contestant) => [contestant, [] as Measured[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [{ run }, measured] of runs) measured.push(await run(path));
  }
  const seqkitMs = medianOf((runs.get(SEQKIT) ?? []).map(({ wallMs }) => wallMs));
  return [...runs].map(([{ name }, measured]) => {
    const wallMs = medianOf(measured.map((run) => run.wallMs));
    const cpuMs = medianOf(measured.map((run) => run.cpuMs));
    const ratio = Number.isNaN(seqkitMs) ? '' : seqkitMs / wallMs;
    return [name, size / 1e3 / wallMs, ratio, cpuMs / (size / 1e9) / 1000];
  });
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined;
}

async function scan(path: string, duplicateIds: 'error' | 'keep'): Promise<Measured> {
  const { size, mtimeMs } = await stat(path);
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const shards = scanFasta({
    files: [{ displayPath: path, path, bytes: size, mtimeMs }],
    tokenOf: createEsmTokenizer().tokenOf,
    policy: { tokenBudget: 16_384, shardTokens: 64 * 16_384, maxRecordsPerShard: 16_384 },
    maxResidues: 1022,
    longSequences: 'truncate',
    duplicateIds,
  });
  let tokens = 0;
  for await (const shard of shards) tokens += shard.tokens;
  if (tokens === 0) throw new Error('nothing was found');
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - startedMs, cpuMs: (user + system) / 1000 };
}

async function command(name: string, args: readonly string[], pipe = ''): Promise<Measured> {
  const startedMs = performance.now();
  const child = spawn('bash', [
    '-c',
    `TIMEFORMAT='%U %S'; time ${name} ${args.map((a) => `'${a}'`).join(' ')} ${pipe} > /dev/null`,
  ]);
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const wallMs = performance.now() - startedMs;
  const times = /([\d.]+) ([\d.]+)\s*$/.exec(output);
  if (code !== 0 || times === null) throw new Error(`${name}: ${output}`);
  return { wallMs, cpuMs: 1000 * (Number(times[1]) + Number(times[2])) };
}
