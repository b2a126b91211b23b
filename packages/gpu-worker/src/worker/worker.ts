import { nodeFileSystem, type DurableFileSystem } from '@virnucpro/checkpoint/worker';
import {
  PROTOCOL_VERSION,
  ProtocolError,
  serializeError,
  type OrchestratorMessage,
  type WorkerConfig,
} from '@virnucpro/protocol';
import type { Logger } from 'winston';

import { subsetOf } from '../collate/apply-verdict.ts';
import { AsyncInferenceRunner, type InferenceResult } from '../inference/async-inference-runner.ts';
import { createAsyncDataLoader, type AsyncDataLoader, type ShardPack } from '../loader/async-data-loader.ts';
import { PrefetchDepth, prefetchLimits } from '../loader/prefetch-depth.ts';
import { createShardLoader, type ShardLoader } from '../loader/shard-loader.ts';
import { BoundedWrites } from '../record/bounded-writes.ts';
import { ShardRecorder } from '../record/shard-recorder.ts';
import { ThreadedSession } from '../session/threaded-session.ts';
import type { ParentChannel } from './parent-channel.ts';
import { PackMeter } from './pack-meter.ts';
import { sessionOptions, warmUpOf, type InitMessage } from './session-setup.ts';
import { openWorkerLog } from './worker-log.ts';

type ProbeMessage = Extract<OrchestratorMessage, { type: 'probe' }>;

/** The places at which a simulated device or a fault can stand in for the real thing. */
export interface WorkerSeams {
  readonly fileSystem?: DurableFileSystem;
  /** Entry module of the session thread. */
  readonly sessionThreadEntry?: URL;
  /** Entry module of the loader threads. */
  readonly loaderThreadEntry?: URL;
}

/** Packs being written while the device goes on: a disk that is busy with an fsync does not make it wait. */
const WRITES_IN_FLIGHT = 16;
/** What loaded shards may take together. */
const PREFETCH_BYTES = 256 << 20;

/**
 * One device's worker. Its main thread only moves messages: loading happens in piscina threads, computing in
 * the session thread, writing in the file system's threads.
 *
 *   assign -> loader (threads) -> packs -> session (thread) -> rows -> shard log -> shard-completed
 */
export class Worker {
  static async start(init: InitMessage, channel: ParentChannel, seams: WorkerSeams): Promise<Worker> {
    const startedMs = performance.now();
    const log = openWorkerLog(init.config.logDirectory, init.rank, init.config.logLevel);
    log.info('worker starts', { device: init.device, threads: init.config.threadsPerWorker });
    const shardLoader = createShardLoader(init.config, seams.loaderThreadEntry);
    const [session] = await Promise.all([
      ThreadedSession.open(sessionOptions(init), warmUpOf(init), seams.sessionThreadEntry),
      shardLoader.ready(),
    ]);
    const worker = new Worker(init, channel, log, session, shardLoader, seams);
    const startupMs = performance.now() - startedMs;
    log.info('session is ready', { deviceName: session.deviceName, startupMs });
    await channel.send({
      type: 'ready',
      protocolVersion: PROTOCOL_VERSION,
      rank: init.rank,
      pid: process.pid,
      deviceName: init.device.physical?.name ?? session.deviceName,
      executionProvider: init.device.provider,
      startupMs,
    });
    return worker;
  }

  /** Ends when the worker was drained and everything is durable; rejects when it cannot go on. */
  readonly finished: Promise<void>;

  readonly #config: WorkerConfig;
  readonly #channel: ParentChannel;
  readonly #log: Logger;
  readonly #session: ThreadedSession;
  readonly #shardLoader: ShardLoader;
  readonly #prefetch: PrefetchDepth;
  readonly #loader: AsyncDataLoader;
  readonly #recorder: ShardRecorder;
  readonly #meter: PackMeter;
  readonly #timers: NodeJS.Timeout[] = [];
  #failWork: (error: unknown) => void = () => undefined;
  /** Handed to the session and not in a log yet. */
  #packsInFlight = 0;
  #wakeIdle: () => void = () => undefined;

  private constructor(
    init: InitMessage,
    channel: ParentChannel,
    log: Logger,
    session: ThreadedSession,
    shardLoader: ShardLoader,
    seams: WorkerSeams,
  ) {
    this.#config = init.config;
    this.#channel = channel;
    this.#log = log;
    this.#session = session;
    this.#recorder = this.#createRecorder(seams.fileSystem ?? nodeFileSystem);
    this.#shardLoader = shardLoader;
    this.#prefetch = new PrefetchDepth(prefetchLimits(init.config.shardTokens, PREFETCH_BYTES));
    this.#meter = new PackMeter({ config: init.config, rank: init.rank, log, prefetch: this.#prefetch });
    this.#loader = createAsyncDataLoader({
      shardLoader: this.#shardLoader,
      prefetchDepth: this.#prefetch,
      onShardLoaded: (assignment, loaded) => this.#recorder.open(assignment, loaded),
      onPackDue: (pack) => this.#packDue(pack),
    });
    this.#startTimers();
    const failed = new Promise<never>((_, reject) => (this.#failWork = reject));
    this.finished = Promise.race([this.#work(), failed]).finally(() => this.#stopTimers());
  }

  /** True while the session thread is inside a pack: ending the process then aborts it (ADR 0001). */
  get computing(): boolean {
    return this.#session.currentPackMs !== null;
  }

  receive(message: OrchestratorMessage): void {
    switch (message.type) {
      case 'assign': {
        const { leaseId, attempt, shard, cautious, verdicts } = message;
        this.#log.debug('shard assigned', { shardId: shard.shardId, leaseId, attempt, cautious });
        this.#loader.assign({ leaseId, attempt, shard, cautious, verdicts });
        return;
      }
      case 'probe':
        this.#probe(message).catch(this.#failWork);
        return;
      case 'drain':
        this.#log.info('draining');
        this.#session.drain();
        this.#loader.close();
        return;
      case 'init':
        throw new ProtocolError('INIT_TWICE', 'the parent sent init to a worker that has begun');
      default:
        message satisfies never;
    }
  }

  async #work(): Promise<void> {
    this.#meter.start();
    const writes = new BoundedWrites(WRITES_IN_FLIGHT);
    const runner = new AsyncInferenceRunner({ session: this.#session, queueDepth: this.#config.queueDepth });
    for await (const result of runner.run(this.#loader)) {
      const write = this.#record(result);
      // Not only when its turn comes: behind the last pack there may be no turn.
      write.catch(this.#failWork);
      const writtenMs = performance.now();
      await writes.add(write);
      this.#meter.addWriteWait(performance.now() - writtenMs);
    }
    await writes.drained();
    await this.#recorder.close();
    await this.#session.close();
    await this.#shardLoader.close();
    await this.#sendHeartbeat();
    await this.#meter.flushTrace();
    this.#log.info('worker ends', { feed: this.#meter.feedStatistics() });
  }

  async #record(result: InferenceResult<ShardPack>): Promise<void> {
    await this.#recorder.record(result);
    this.#meter.add(result);
    this.#packsInFlight -= 1;
    if (this.#packsInFlight === 0) this.#wakeIdle();
  }

  /** Under caution every pack before this one is in the log when it is announced, so a crash can only be its own. */
  async #packDue({ assignment, packIndex, recordIndices, numTokens }: ShardPack): Promise<void> {
    if (assignment.cautious) {
      while (this.#packsInFlight > 0) await new Promise<void>((resolve) => (this.#wakeIdle = resolve));
      const { leaseId } = assignment;
      const records = [...new Set(recordIndices)];
      await this.#channel.send({
        type: 'pack-started',
        leaseId,
        packIndex,
        recordIndices: records,
        numTokens,
      });
    }
    this.#packsInFlight += 1;
  }

  /** Computes part of a pack for nothing but the question whether this process survives it. */
  async #probe({ leaseId, shard, packIndex, recordIndices }: ProbeMessage): Promise<void> {
    this.#log.info('probing', { shardId: shard.shardId, packIndex, records: recordIndices.length });
    const { packs } = await this.#shardLoader.load(shard);
    const pack = packs.find((candidate) => candidate.packIndex === packIndex);
    if (pack === undefined)
      throw new ProtocolError('NO_SUCH_PACK', `shard ${shard.shardId} has no pack ${packIndex}`);
    const result = await this.#session.run(subsetOf(pack, new Set(recordIndices)));
    if (result !== null) await this.#channel.send({ type: 'probe-survived', leaseId });
  }

  #createRecorder(fileSystem: DurableFileSystem): ShardRecorder {
    return new ShardRecorder({
      fileSystem,
      config: this.#config,
      onCompleted: (completed) => {
        this.#log.info('shard completed', completed);
        void this.#channel.send(completed);
      },
      onRepaired: (shardId, problem) => {
        this.#log.warn('checkpoint log repaired', { shardId, problem });
        void this.#channel.send({ type: 'log-repaired', shardId, problem });
      },
      onFailed: (error) => this.#failWork(error),
      nowMs: () => performance.now(),
    });
  }

  #startTimers(): void {
    const { heartbeatIntervalMs, checkpointIntervalMs } = this.#config;
    const sync = () => void this.#recorder.sync().catch(this.#failWork);
    this.#timers.push(
      setInterval(() => void this.#sendHeartbeat(), heartbeatIntervalMs),
      setInterval(sync, checkpointIntervalMs),
    );
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #sendHeartbeat(): Promise<void> {
    void this.#meter.flushTrace();
    return this.#channel.send({
      type: 'heartbeat',
      rssBytes: process.memoryUsage.rss(),
      currentPackMs: this.#session.currentPackMs,
      queueDepth: this.#session.depth,
      shardsWanted: this.#prefetch.shards + 1,
      metrics: this.#meter.takeDelta(),
    });
  }

  /** Tells the parent why this worker ends. */
  reportFatal(error: unknown): Promise<void> {
    this.#log.error('worker fails', { error: serializeError(error) });
    return this.#channel.send({ type: 'fatal', error: serializeError(error) });
  }
}
