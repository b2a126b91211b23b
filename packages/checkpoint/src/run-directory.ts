import { join } from 'node:path';

/** Everything in RUN_DIR. */
export interface RunPaths {
  readonly directory: string;
  readonly embeddings: string;
  readonly sequences: string;
  readonly failed: string;
  readonly manifest: string;
  readonly reportJson: string;
  readonly reportHtml: string;
  readonly events: string;
  readonly trace: string;
  readonly logDirectory: string;
  readonly checkpointDirectory: string;
  readonly spoolDirectory: string;
  readonly lock: string;
  /** Of the whole run, also where `lock` is a node's. */
  readonly runLock: string;
  /** What `merge --partial` writes. */
  readonly partialDirectory: string;
  /** One folder for each node that shares the run. */
  readonly nodesDirectory: string;
}

export const EMBEDDINGS_FILE = 'embeddings.npy';
export const SEQUENCES_FILE = 'sequences.tsv';
export const FAILED_FILE = 'failed.tsv';
const LOCK_FILE = '.lock';

export function runPaths(runDirectory: string): RunPaths {
  const at = (name: string): string => join(runDirectory, name);
  return {
    directory: runDirectory,
    embeddings: at(EMBEDDINGS_FILE),
    sequences: at(SEQUENCES_FILE),
    failed: at(FAILED_FILE),
    manifest: at('manifest.json'),
    reportJson: at('report.json'),
    reportHtml: at('report.html'),
    events: at('events.jsonl'),
    trace: at('trace.tsv'),
    logDirectory: at('logs'),
    checkpointDirectory: at('checkpoints'),
    spoolDirectory: at('spool'),
    lock: at(LOCK_FILE),
    runLock: at(LOCK_FILE),
    partialDirectory: at('partial'),
    nodesDirectory: at('nodes'),
  };
}

/** The same for one of several nodes: its records and its lock are its own, checkpoints and results are the run's. */
export function nodePaths(runDirectory: string, rank: number): RunPaths {
  const run = runPaths(runDirectory);
  const { events, trace, reportJson, reportHtml, logDirectory, lock } = runPaths(
    join(run.nodesDirectory, nodeDirectoryName(rank)),
  );
  return { ...run, events, trace, reportJson, reportHtml, logDirectory, lock };
}

export function nodeDirectoryName(rank: number): string {
  return `node-${rank}`;
}

/** @returns null when the folder is no node's */
export function rankOfNodeDirectory(name: string): number | null {
  const rank = /^node-(\d{1,9})$/.exec(name)?.[1];
  return rank === undefined ? null : Number(rank);
}
