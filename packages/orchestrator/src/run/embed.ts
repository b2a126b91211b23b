import { isShardLogComplete, shardLogPath, type ShardLogHeader } from '@virnucpro/checkpoint';
import type { PlainFile, ScanSummary } from '@virnucpro/fasta';
import { PACKER_VERSION } from '@virnucpro/packing';
import {
  isVirnucproError,
  serializeError,
  storageFailure,
  deserializeError,
  type Shard,
  type VirnucproError,
} from '@virnucpro/protocol';

import { LeaseTable } from '../leases/lease-table.ts';
import { ownsShard } from '../nodes/node-share.ts';
import { startScan } from '../scan/scan-client.ts';
import type { ScanThreadData } from '../scan/scan-messages.ts';
import { tellAll, type SupervisorEnd } from '../supervisor/supervisor-events.ts';
import { fixedHangLimits } from '../supervisor/pack-times.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { lockLost } from './claim-run.ts';
import { exportMetrics } from './export-metrics.ts';
import { lackOfRoom } from './disk-room.ts';
import type { Job } from './job.ts';
import { shareOf } from './mission.ts';
import { shardsMissing } from './missing-shards.ts';
import { runDiffers } from './open-run.ts';
import { describeTouched } from './run-inputs.ts';
import { RunNarrator } from './run-narrator.ts';
import { RunTracker } from './run-tracker.ts';
import { scanData } from './scan-data.ts';
import { scanRecord } from './scan-record.ts';
import { initMessageFor } from './worker-init.ts';

export interface EmbedOutcome {
  readonly end: SupervisorEnd;
  readonly files: readonly PlainFile[];
  /** In input order; complete only when `summary` is there. */
  readonly shards: readonly Shard[];
  /** Null when the run stopped before the scan ended. */
  readonly summary: ScanSummary | null;
  /** Of these no finished log was found by a merge, which computes nothing. */
  readonly missing: readonly Shard[];
  readonly tracker: RunTracker;
}

/** Scans and computes at the same time: a shard is leased as soon as it is cut. */
export async function embed(job: Job, files: readonly PlainFile[]): Promise<EmbedOutcome> {
  return new Embedding(job, files).run(await scanData(job.model, job.byteSettings, files));
}

class Embedding {
  readonly #job: Job;
  readonly #files: readonly PlainFile[];
  readonly #leases = new LeaseTable();
  readonly #tracker: RunTracker;
  readonly #narrator: RunNarrator;
  readonly #supervisor: Supervisor;
  readonly #shards: Shard[] = [];
  readonly #missing: Shard[] = [];
  #started = false;
  /** Shards enter the lease table in input order, each after a look at what its log holds. */
  #admitted: Promise<void> = Promise.resolve();

  constructor(job: Job, files: readonly PlainFile[]) {
    this.#job = job;
    this.#files = files;
    this.#tracker = new RunTracker(job);
    this.#narrator = new RunNarrator(job);
    const hangTimeout = job.settings['hang-timeout'];
    this.#supervisor = new Supervisor({
      devices: job.devices.devices,
      workerEntry: job.context.workerEntry ?? new URL(import.meta.resolve('@virnucpro/gpu-worker/entry')),
      initMessage: initMessageFor(job, files),
      leases: this.#leases,
      events: tellAll(this.#tracker, this.#narrator),
      ...(hangTimeout === 'auto' ? {} : { hangLimits: fixedHangLimits(hangTimeout * 1000) }),
    });
  }

  async run(data: ScanThreadData): Promise<EmbedOutcome> {
    const { stop, claim } = this.#job;
    const scan = startScan(data, (shard) => this.#onShard(shard));
    stop.onStop(() => this.#supervisor.drain());
    stop.onForce(() => this.#supervisor.kill());
    claim.lost.addEventListener('abort', () => this.#onLockLost(), { once: true });
    let summary: ScanSummary | null = null;
    const scanned = scan.summary.then(
      (found) => this.#onScanned((summary = found)).catch((error: unknown) => this.#fail(error)),
      (error: unknown) => this.#onScanFailed(error),
    );
    this.#tracker.start();
    const exporter = exportMetrics(this.#job, this.#tracker);
    const end = await this.#supervisor.ended;
    this.#tracker.stop();
    await exporter.stop();
    await scan.stop();
    if (end.kind === 'complete') await scanned;
    return {
      ...{ end, summary, files: this.#files, tracker: this.#tracker },
      ...{ shards: this.#shards, missing: this.#missing },
    };
  }

  #onShard(shard: Shard): void {
    this.#shards.push(shard);
    if (!ownsShard(shareOf(this.#job.mission), shard.shardId)) return;
    this.#tracker.scanned(shard);
    if (!this.#mustProveInput) this.#admitNext(shard);
  }

  #admitNext(shard: Shard): void {
    this.#admitted = this.#admitted.then(() => this.#admit(shard));
    this.#admitted.catch((error: unknown) => this.#fail(error));
  }

  /** An input was written to since the run began: no log is opened before the scan has shown that it is the same. */
  get #mustProveInput(): boolean {
    const { touched, manifest } = this.#job;
    return touched.length > 0 && manifest.scan !== null;
  }

  async #admit(shard: Shard): Promise<void> {
    if (await this.#isDone(shard)) return;
    if (this.#job.mission.kind === 'merge') {
      this.#missing.push(shard);
      return;
    }
    this.#leases.add(shard);
    if (!this.#started) this.#supervisor.start();
    this.#started = true;
    this.#supervisor.dispatch();
  }

  async #isDone(shard: Shard): Promise<boolean> {
    const { state, paths, context } = this.#job;
    if (state === 'new') return false;
    const path = shardLogPath(paths.checkpointDirectory, shard.shardId);
    const found = await isShardLogComplete(context.fileSystem, path, shardLogHeader(this.#job, shard));
    if (!found.complete) return false;
    this.#leases.addDone(shard.shardId);
    this.#tracker.foundDone(shard, found);
    this.#narrator.foundDone(shard, found);
    return true;
  }

  async #onScanned(summary: ScanSummary): Promise<void> {
    this.#tracker.scanEnded();
    this.#narrator.scanEnded(summary);
    this.#narrator.workHasParts(this.#tracker.shardsScanned, this.#job.devices.devices.length);
    if (this.#mustProveInput) {
      const difference = this.#inputDifference(summary);
      if (difference !== null) {
        this.#supervisor.fail(difference);
        return;
      }
      for (const shard of this.#shards)
        if (ownsShard(shareOf(this.#job.mission), shard.shardId)) this.#admitNext(shard);
    }
    await this.#admitted;
    this.#refuseMissing();
    const lack = await lackOfRoom(this.#job, summary.sequences);
    if (lack !== null) this.#supervisor.fail(lack);
    this.#leases.seal();
    this.#supervisor.dispatch();
  }

  #refuseMissing(): void {
    const { mission, paths } = this.#job;
    if (mission.kind !== 'merge' || mission.partial || this.#missing.length === 0) return;
    this.#supervisor.fail(shardsMissing(paths.directory, this.#missing, this.#shards.length));
  }

  #inputDifference(summary: ScanSummary): VirnucproError | null {
    const { manifest, touched, paths } = this.#job;
    if (scanRecord(summary, this.#shards).digest === manifest.scan?.digest) return null;
    return runDiffers(paths.directory, touched.map(describeTouched));
  }

  #onScanFailed(error: unknown): void {
    this.#fail(error);
    // Nothing of a run with bad input is worth waiting for.
    this.#supervisor.kill();
  }

  #onLockLost(): void {
    this.#supervisor.fail(lockLost());
    this.#supervisor.kill();
  }

  #fail(error: unknown): void {
    const known = storageFailure(error) ?? error;
    this.#supervisor.fail(isVirnucproError(known) ? known : deserializeError(serializeError(known)));
  }
}

export function shardLogHeader({ manifest, model, byteSettings }: Job, shard: Shard): ShardLogHeader {
  return {
    runId: manifest.runId,
    settingsHash: manifest.settingsHash,
    shard,
    embeddingDim: model.embeddingDim,
    dtype: byteSettings.dtype,
    packerVersion: PACKER_VERSION,
  };
}
