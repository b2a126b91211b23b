import { join } from 'node:path';

import { acquireRunLock } from '@virnucpro/checkpoint';
import { spoolInputs, type PlainFile } from '@virnucpro/fasta';
import { DEMO_MODEL_NOTICE } from '@virnucpro/model';
import { EXIT_CODES, type ExitCode } from '@virnucpro/protocol';

import { describeNode, isShared } from '../nodes/node-share.ts';
import { slurmJob, type SlurmJob } from '../nodes/slurm-place.ts';
import { refuseWithoutRoom } from './disk-room.ts';
import { embed } from './embed.ts';
import { finishRun } from './finish-run.ts';
import { refuseOtherType } from './input-type.ts';
import type { Job } from './job.ts';
import { shareOf } from './mission.ts';

/** The job, from its first word to its last. */
export async function compute(job: Job): Promise<ExitCode> {
  announce(job);
  const { signal } = job.stop;
  let files: readonly PlainFile[];
  try {
    files = await spool(job, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    job.log.warn(
      `stopped by ${job.stop.cause() ?? 'request'} while the input was unpacked; nothing was computed`,
    );
    return EXIT_CODES.stopped;
  }
  const type = await refuseOtherType(files, job.settings);
  if (type !== null) job.log.info(type);
  await refuseWithoutRoom(job, files);
  return finishRun(job, await embed(job, files));
}

function announce(job: Job): void {
  const { log, model, devices, manifest, byteSettings, mission, context } = job;
  const slurm = slurmJob(context.environment);
  const share = shareOf(mission);
  if (model.isDemo) log.warn(DEMO_MODEL_NOTICE);
  const part = isShared(share) ? `${describeNode(share)}: ` : '';
  log.info(
    `${part}${deedOf(job)}: model ${model.name} (${model.layers} layers, ${model.embeddingDim} wide), ` +
      `${devices.devices.length} worker${devices.devices.length === 1 ? '' : 's'} on ${byteSettings.device}, ` +
      `${byteSettings.tokenBudget} tokens per pack${slurmText(slurm)}`,
    { runId: manifest.runId, settings: byteSettings, threadsPerWorker: devices.threadsPerWorker, slurm },
  );
  job.events.emit({
    event: 'run-started',
    runId: manifest.runId,
    state: job.state === 'resumed' ? 'resumed' : 'new',
    workers: devices.devices.length,
    node: share,
    slurm,
    settings: byteSettings,
  });
}

function deedOf({ mission, state }: Job): string {
  if (mission.kind === 'merge') return 'merging';
  return state === 'resumed' ? 'resuming' : 'starting';
}

function slurmText(slurm: SlurmJob | null): string {
  if (slurm === null) return '';
  const { jobId, restartCount } = slurm;
  return `, Slurm job ${jobId}${restartCount > 0 ? `, restart ${restartCount}` : ''}`;
}

/** Inputs that must be unpacked are unpacked once, by the node that comes first; the others wait for it. */
async function spool(job: Job, signal: AbortSignal): Promise<readonly PlainFile[]> {
  const { files, paths, context, mission, log } = job;
  const unpack = (): Promise<readonly PlainFile[]> =>
    spoolInputs(files, paths.spoolDirectory, context.stdin, { signal });
  if (!isShared(shareOf(mission)) || files.every(({ kind }) => kind === 'plain')) return unpack();
  await context.fileSystem.makeDirectory(paths.spoolDirectory);
  const lock = await acquireRunLock(context.fileSystem, join(paths.spoolDirectory, '.lock'), {
    patienceMs: Number.POSITIVE_INFINITY,
    signal,
    announce: (message) => log.info(message),
  });
  try {
    return await unpack();
  } finally {
    await lock.release();
  }
}
