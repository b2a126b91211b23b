import type { NodeShare } from '../nodes/node-share.ts';
import type { SlurmJob } from '../nodes/slurm-place.ts';
import type { ProgressSnapshot } from '../progress/progress-view.ts';

/** What happens in a run, for programs: one JSON object per line in events.jsonl, and on stdout with --json. */
export type RunEvent =
  | {
      readonly event: 'run-started';
      readonly runId: string;
      readonly state: 'new' | 'resumed';
      readonly workers: number;
      readonly node: NodeShare;
      readonly slurm: SlurmJob | null;
      readonly settings: object;
    }
  | { readonly event: 'worker-started'; readonly rank: number; readonly pid: number | null }
  | {
      readonly event: 'worker-ready';
      readonly rank: number;
      readonly deviceName: string;
      readonly startupMs: number;
    }
  | { readonly event: 'worker-killed'; readonly rank: number; readonly reason: string }
  | {
      readonly event: 'worker-lost';
      readonly rank: number;
      readonly code: number | null;
      readonly signal: string | null;
      readonly error: string | null;
      readonly shardsReturned: readonly number[];
      readonly restartInMs: number | null;
    }
  | {
      readonly event: 'scan-ended';
      readonly records: number;
      readonly tokens: number;
      readonly shards: number;
    }
  | {
      readonly event: 'shard-completed';
      readonly rank: number;
      readonly shardId: number;
      readonly rows: number;
      readonly rejected: number;
      readonly packs: number;
      readonly packsReused: number;
      readonly tokens: number;
    }
  | {
      readonly event: 'shard-found-done';
      readonly shardId: number;
      readonly rows: number;
      readonly rejected: number;
    }
  | { readonly event: 'metrics-listening'; readonly url: string }
  | { readonly event: 'log-repaired'; readonly shardId: number; readonly problem: string }
  | { readonly event: 'packs-split'; readonly shardId: number; readonly packs: number }
  | {
      readonly event: 'records-blamed';
      readonly shardId: number;
      readonly packIndex: number;
      readonly ordinals: readonly number[];
    }
  | ({ readonly event: 'progress'; readonly node: NodeShare } & ProgressSnapshot)
  | {
      readonly event: 'run-ended';
      readonly status: 'complete' | 'stopped';
      readonly rows: number;
      readonly rejected: number;
    };

/** An event as it is written: with the time at which it happened. */
export type TimedRunEvent = RunEvent & { readonly time: string };
