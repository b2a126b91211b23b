import { resolve } from 'node:path';

import type { PlainFile } from '@virnucpro/fasta';
import { PROTOCOL_VERSION, type OrchestratorMessage, type WorkerConfig } from '@virnucpro/protocol';

import type { WorkerSlot } from '../supervisor/worker-slot.ts';
import { translationOf } from './fingerprint.ts';
import type { Job } from './job.ts';

/** Packs handed to the session ahead of the one it computes, plus that one. */
const QUEUE_DEPTH = 3;
const HEARTBEAT_INTERVAL_MS = 500;

/** What of a job a worker is told. */
export type WorkerJob = Pick<Job, 'paths' | 'settings' | 'byteSettings' | 'model' | 'devices' | 'state'> & {
  readonly manifest: Pick<Job['manifest'], 'runId' | 'settingsHash'>;
};

/** The first message of each worker. */
export function initMessageFor(
  job: WorkerJob,
  files: readonly PlainFile[],
): (slot: Pick<WorkerSlot, 'rank' | 'device' | 'processes'>) => OrchestratorMessage {
  const config = workerConfig(job, files);
  return ({ rank, device, processes }) => ({
    type: 'init',
    protocolVersion: PROTOCOL_VERSION,
    rank,
    worldSize: job.devices.devices.length,
    device,
    // Later there are results, and a pack that finds no memory is computed in parts. On CPU it costs more than it tells.
    warmUp: device.provider === 'cuda' && job.state === 'new' && processes === 1,
    config,
  });
}

function workerConfig(job: WorkerJob, files: readonly PlainFile[]): WorkerConfig {
  const { manifest, paths, settings, byteSettings, model, devices } = job;
  const fallback = model.fallbackGraphPaths?.[byteSettings.device];
  return {
    runId: manifest.runId,
    settingsHash: manifest.settingsHash,
    checkpointDirectory: resolve(paths.checkpointDirectory),
    logDirectory: resolve(paths.logDirectory),
    logLevel: settings['log-level'],
    inputPaths: files.map(({ path }) => resolve(path)),
    displayPaths: files.map(({ displayPath }) => displayPath),
    graphPath: resolve(model.graphPaths[byteSettings.device]),
    fallbackGraphPath: fallback === undefined ? null : resolve(fallback),
    disablePrepacking: byteSettings.weights === 'mapped',
    embeddingDim: model.embeddingDim,
    vocabularyPath: model.vocabularyPath,
    dtype: byteSettings.dtype,
    tokenBudget: byteSettings.tokenBudget,
    shardTokens: byteSettings.shardTokens,
    packing: byteSettings.packing,
    maxResidues: byteSettings.maxResidues,
    longSequences: byteSettings.long,
    translation: translationOf(byteSettings),
    threadsPerWorker: devices.threadsPerWorker,
    loaderThreads: settings['loader-threads'],
    queueDepth: QUEUE_DEPTH,
    checkpointIntervalMs: settings['checkpoint-interval'] * 1000,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  };
}
