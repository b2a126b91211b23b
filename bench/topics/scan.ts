import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { scanFasta } from '@virnucpro/fasta';
import { createEsmTokenizer } from '@virnucpro/model';

import { inTemporaryDirectory, writeFasta, type Mix } from '../inputs.ts';
import { bestOf, type Cell, type Topic } from '../topic.ts';

const INPUTS: readonly { readonly mix: Mix; readonly records: number }[] = [
  { mix: 'proteins, mean 337', records: 850_000 },
  { mix: 'equal 49', records: 2_000_000 },
];
const TRIES = 3;

interface Measured {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export const scanTopic: Topic = {
  name: 'scan',
  question: 'how fast are records found, checked, looked up for duplicates and cut into shards?',
  run: () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, 'input.faa');
      const rows: Cell[][] = [];
      for (const { mix, records } of INPUTS) {
        await writeFasta({ path, mix, records });
        const { size } = await stat(path);
        await readFile(path);
        const ours = await bestOf(
          TRIES,
          () => scan(path, 'error'),
          ({ wallMs }) => wallMs,
        );
        const unchecked = await bestOf(
          TRIES,
          () => scan(path, 'keep'),
          ({ wallMs }) => wallMs,
        );
        const seqkit = await bestOf(
          TRIES,
          () => command('seqkit', ['stats', path]),
          ({ wallMs }) => wallMs,
        ).catch(() => null);
        const grep = await bestOf(
          TRIES,
          () => command('grep', ['-c', '>', path], ' | cat'),
          ({ wallMs }) => wallMs,
        );
        const add = (name: string, found: Measured | null): void => {
          if (found === null) return;
          const reference = seqkit ?? grep;
          rows.push([
            mix,
            name,
            size / 1e3 / found.wallMs,
            reference.wallMs / found.wallMs,
            found.cpuMs / (size / 1e9) / 1000,
          ]);
        };
        add('ours: residues, bad characters, duplicate ids, checksums, shards', ours);
        add('ours with --duplicate-ids keep', unchecked);
        add('seqkit stats: counts only', seqkit);
        add('grep -c: counts ">" only', grep);
      }
      return {
        columns: ['input', 'what', 'MB/s', 'times seqkit stats', 'CPU-s / GB'],
        rows,
        notes: [
          'Warm page cache; the best of three. Without seqkit on this machine the ratio is to grep -c.',
        ],
      };
    }),
};

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
