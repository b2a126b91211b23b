import { join } from 'node:path';

import { PHAGE_PROTEINS, TINY_MODEL } from '../program/fixtures.ts';
import type { ProgramEvent, ProgramOptions } from '../program/run-program.ts';

/** The program with faults built into its file system, its workers' and their sessions. */
const FAULTY_PROGRAM = join(process.cwd(), 'test/faults/programs/faulty-program.mjs');

export interface FileFault {
  /** Which call of this process, from 1. */
  readonly at: number;
  readonly how: 'die' | 'fail' | 'torn';
  readonly errno?: string;
  /** Only writes to files of this name count: how many calls come before depends on the time a run takes. */
  readonly writesTo?: string;
  /** A file that is made when the fault happens: it happens once. */
  readonly once: string;
}

export interface Faults {
  readonly programFiles?: FileFault;
  readonly workerFiles?: FileFault;
  /** Room that the disk says it has. */
  readonly freeBytes?: number;
  /** Prefix of the files that get the names of all calls. */
  readonly countCalls?: string;
  readonly poison?: readonly {
    /** A pack that holds these residues in a row goes wrong. */
    readonly residues: string;
    readonly how: 'SIGSEGV' | 'SIGKILL' | 'SIGABRT' | 'throw' | 'hang';
    readonly once?: string;
  }[];
  /** The first `times` packs above this size find no memory. */
  readonly memory?: {
    readonly overTokens: number;
    readonly times: number;
    /** Packs of one sequence always find memory. */
    readonly onlySeveral?: boolean;
  };
  /** Added to every pack, until Slurm starts the job again. */
  readonly slowMs?: number;
  /** Workers of these ranks die as soon as they are told what to do. */
  readonly crashingRanks?: readonly number[];
}

export function withFaults(faults: Faults): ProgramOptions {
  return { entry: FAULTY_PROGRAM, env: { TEST_FAULTS: JSON.stringify(faults) }, ownGroup: true };
}

export interface FaultJob {
  readonly input?: string;
  readonly workers?: number;
  readonly model?: string;
  readonly options?: readonly string[];
}

/** A run of many small shards and packs, with its events on standard output. */
export function faultJob(
  out: string,
  { input = PHAGE_PROTEINS, workers = 1, model = TINY_MODEL, options = [] }: FaultJob = {},
): string[] {
  return [
    ...[input, '-o', out, '--json', '--model', model, '--device', 'cpu'],
    ...['--workers', String(workers), '--threads-per-worker', '1'],
    ...['--token-budget', '512', '--shard-tokens', '1024', ...options],
  ];
}

export const is =
  (name: string) =>
  (event: ProgramEvent): boolean =>
    event.event === name;
