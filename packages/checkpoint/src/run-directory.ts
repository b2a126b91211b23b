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
}

export const EMBEDDINGS_FILE = 'embeddings.npy';
export const SEQUENCES_FILE = 'sequences.tsv';
export const FAILED_FILE = 'failed.tsv';

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
    lock: at('.lock'),
  };
}
