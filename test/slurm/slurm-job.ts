import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { withFaults } from '../faults/faults.ts';
import {
  runProgram,
  type ProgramEvent,
  type ProgramOptions,
  type ProgramResult,
} from '../program/run-program.ts';
import { until } from '../program/until.ts';
import type { LocalCluster } from './local-cluster.ts';

/** Slow enough to be stopped in the middle; slowness costs no processor. */
export const SLOW = withFaults({ slowMs: 400 });

export interface SubmittedJob {
  readonly jobId: string;
  readonly mergeJobId: string;
}

/** One cluster, one run folder: what a person at a login node does, and what a test looks at. */
export class SlurmRun {
  readonly cluster: LocalCluster;
  readonly out: string;

  constructor(cluster: LocalCluster, out: string) {
    this.cluster = cluster;
    this.out = out;
  }

  /** @param args of `slurm submit --json` */
  async submit(args: readonly string[], options: ProgramOptions = SLOW): Promise<SubmittedJob> {
    const { code, stdout, stderr } = await this.program(['slurm', 'submit', ...args], options);
    if (code !== 0) throw new Error(`slurm submit ended with ${code ?? 'a signal'}:\n${stderr}`);
    return JSON.parse(stdout) as SubmittedJob;
  }

  /** At a login node of the cluster. */
  program(args: readonly string[], { entry, env }: ProgramOptions = {}): Promise<ProgramResult> {
    const options = entry === undefined ? {} : { entry };
    return runProgram(args, { ...options, env: { ...env, ...this.cluster.clientEnvironment } });
  }

  /** What a node has said so far, over all its restarts. */
  async events(rank: number): Promise<ProgramEvent[]> {
    const path = join(this.out, 'nodes', `node-${rank}`, 'events.jsonl');
    const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
    // The last line may be half written.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as ProgramEvent);
  }

  /** Waits until a node has computed something, and has more to compute. */
  async midway(rank: number): Promise<void> {
    await this.#until(`a shard of node ${rank}`, async () =>
      (await this.events(rank)).some(({ event }) => event === 'shard-completed') ? true : null,
    );
  }

  /** @returns the restart counts of the attempts of a node */
  async restartCounts(rank: number): Promise<number[]> {
    const started = (await this.events(rank)).filter(({ event }) => event === 'run-started');
    return started.map(({ slurm }) => (slurm as { restartCount: number }).restartCount);
  }

  /** Waits until a job, with all its tasks, has left the queue. @returns its last state, of each task */
  async end(jobId: string): Promise<string[]> {
    return this.#until(`the end of job ${jobId}`, async () => {
      const states = await this.states(jobId);
      return states.every((state) => ENDED.has(state)) ? states : null;
    });
  }

  /** Waits for the merge, and that everything before it went well. @throws {Error} with what the scripts have printed */
  async merged({ jobId, mergeJobId }: SubmittedJob): Promise<void> {
    const states = [...(await this.end(mergeJobId)), ...(await this.end(jobId))];
    if (states.every((state) => state === 'COMPLETED')) return;
    const folder = join(this.out, 'slurm');
    const outputs = (await readdir(folder)).filter((name) => name.endsWith('.out'));
    const texts = await Promise.all(outputs.map((name) => readFile(join(folder, name), 'utf8')));
    throw new Error(`merge and run ended as ${states.join(', ')}:\n${texts.join('\n')}`);
  }

  async states(jobId: string): Promise<string[]> {
    const lines = await this.cluster.call('squeue', [
      ...['--noheader', '--array', '--states=all', `--jobs=${jobId}`, '--format=%T'],
    ]);
    return lines.split('\n').filter((line) => line !== '');
  }

  /** Everything that the batch scripts and what they started have printed. */
  async output(name: string): Promise<string> {
    return readFile(join(this.out, 'slurm', `slurm-${name}.out`), 'utf8').catch(() => '');
  }

  #until<Found>(what: string, look: () => Promise<Found | null>): Promise<Found> {
    const describe = async (): Promise<string> => {
      const events = await this.events(0);
      return `${await this.cluster.describe()}\n${events.map((event) => JSON.stringify(event)).join('\n')}`;
    };
    return until(what, look, describe, 90_000);
  }
}

const ENDED = new Set(['COMPLETED', 'CANCELLED', 'FAILED', 'TIMEOUT', 'NODE_FAIL', 'OUT_OF_MEMORY']);
