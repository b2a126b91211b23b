import type { ScanSummary } from '@virnucpro/fasta';
import type { Rank, Shard } from '@virnucpro/protocol';

import { formatCount } from '../progress/format.ts';
import { translationOf } from './fingerprint.ts';
import type {
  LogRepairedMessage,
  ReadyMessage,
  ShardCompletedMessage,
  SupervisorEvents,
  WorkerLoss,
} from '../supervisor/supervisor-events.ts';
import { describeLoss } from './describe-loss.ts';
import type { Job } from './job.ts';

/** Says what happens, to people in the log and to programs in the events. It keeps no count of anything. */
export class RunNarrator implements Partial<SupervisorEvents> {
  readonly #log: Job['log'];
  readonly #events: Job['events'];
  readonly #translates: boolean;

  constructor({ log, events, byteSettings }: Pick<Job, 'log' | 'events' | 'byteSettings'>) {
    this.#translates = translationOf(byteSettings) !== null;
    this.#log = log;
    this.#events = events;
  }

  scanEnded({ records, tokens, shards }: ScanSummary): void {
    const [kind, about] = this.#translates ? ['nucleotide records', 'about '] : ['records', ''];
    this.#log.info(
      `scanned: ${formatCount(records)} ${kind}, ${about}${formatCount(tokens)} tokens, ${formatCount(shards)} shards`,
    );
    this.#events.emit({ event: 'scan-ended', records, tokens, shards });
  }

  /** So that nobody wonders why devices idle: shards are the unit of work. */
  workHasParts(shards: number, workers: number): void {
    if (shards === 0 || shards >= workers) return;
    this.#log.warn(
      `there is work for ${shards} of ${workers} workers only: it has ${shards} shard${shards === 1 ? '' : 's'}. ` +
        'A lower --shard-tokens makes more of them, but a record is never divided.',
    );
  }

  foundDone({ shardId }: Shard, { rows, rejected }: Pick<ShardCompletedMessage, 'rows' | 'rejected'>): void {
    this.#events.emit({ event: 'shard-found-done', shardId, rows, rejected });
  }

  onWorkerStarted(rank: Rank, pid: number | undefined): void {
    this.#log.debug(`worker ${rank} started`, { rank, pid });
    this.#events.emit({ event: 'worker-started', rank, pid: pid ?? null });
  }

  onWorkerReady(rank: Rank, { deviceName, startupMs, pid }: ReadyMessage): void {
    this.#log.debug(`worker ${rank} is ready`, { rank, pid, deviceName, startupMs });
    this.#events.emit({ event: 'worker-ready', rank, deviceName, startupMs });
  }

  onShardCompleted(rank: Rank, message: ShardCompletedMessage): void {
    const { shardId, rows, rejected, packs, packsReused, packsSplit, tokens } = message;
    if (packsSplit > 0) {
      this.#log.warn(
        `shard ${shardId}: ${packsSplit} packs were computed in parts, for lack of device memory`,
      );
      this.#events.emit({ event: 'packs-split', shardId, packs: packsSplit });
    }
    const completed = { rank, shardId, rows, rejected, packs, packsReused, tokens };
    this.#log.debug(`shard ${shardId} completed`, completed);
    this.#events.emit({ event: 'shard-completed', ...completed });
  }

  onLogRepaired(rank: Rank, { shardId, problem }: LogRepairedMessage): void {
    this.#log.warn(`checkpoint log of shard ${shardId}: ${problem}`, { rank });
    this.#events.emit({ event: 'log-repaired', shardId, problem });
  }

  onRecordsBlamed({ shardId, firstOrdinal }: Shard, packIndex: number, records: readonly number[]): void {
    // Sequences that were translated are known by their place in the shard only, until failed.tsv names them.
    const ordinals = records.map((index) => (this.#translates ? index : firstOrdinal + index));
    const one = records.length === 1;
    this.#log.error(
      `${this.#translates ? 'sequence' : 'record'}${one ? '' : 's'} ${ordinals.join(', ')} (shard ${shardId}) end${one ? 's' : ''} every worker that computes ` +
        `${one ? 'it' : 'them'}, even alone; rejected once the rest of the pack is computed, see failed.tsv`,
    );
    this.#events.emit({ event: 'records-blamed', shardId, packIndex, ordinals });
  }

  onLateResult(rank: Rank, { shardId, leaseId }: ShardCompletedMessage): void {
    this.#log.warn(`dropped a late result of worker ${rank} for shard ${shardId}`, { leaseId });
  }

  onWorkerOutput(rank: Rank, line: string): void {
    this.#log.warn(`worker ${rank} printed: ${line}`);
  }

  onWorkerKilled(rank: Rank, reason: string): void {
    this.#log.error(`worker ${rank} is killed: ${reason}`);
    this.#events.emit({ event: 'worker-killed', rank, reason });
  }

  onWorkerLost(rank: Rank, loss: WorkerLoss): void {
    const { exit, error, releasedLeases, restartInMs } = loss;
    const shardsReturned = releasedLeases.map(({ shard }) => shard.shardId);
    this.#log.error(describeLoss(rank, loss), { rank, ...exit, shardsReturned });
    this.#events.emit({
      event: 'worker-lost',
      rank,
      code: exit.code,
      signal: exit.signal,
      error: error?.message ?? null,
      shardsReturned,
      restartInMs,
    });
  }
}
