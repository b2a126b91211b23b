import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runPaths } from '@virnucpro/checkpoint';
import { scanFasta, type PlainFile } from '@virnucpro/fasta';
import { EXIT_CODES, toRank, type DeviceSpec, type Shard } from '@virnucpro/protocol';

import { scanData } from '../run/scan-data.ts';
import { initMessageFor, type WorkerJob } from '../run/worker-init.ts';
import { fail, ok } from './finding.ts';
import { watchWorker, type SmokeEnd } from './smoke-worker.ts';
import type { Verdict } from './verdict.ts';

/** Human ubiquitin, 76 residues. */
const PROTEIN = '>ubiquitin\nMQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG\n';

export type SmokeJob = Omit<WorkerJob, 'paths' | 'manifest' | 'state'>;

/**
 * Computes one pack on one device as a run would: a forked worker, its loader, its session, its checkpoint log. What
 * crashes there is a finding here.
 *
 * @param limitMs after which the worker is killed
 */
export async function smokeRun(
  job: SmokeJob,
  device: DeviceSpec,
  workerEntry: URL,
  limitMs: number,
): Promise<Verdict> {
  const directory = await mkdtemp(join(tmpdir(), 'virnucpro-doctor-'));
  try {
    const paths = runPaths(directory);
    await mkdir(paths.logDirectory);
    await mkdir(paths.checkpointDirectory);
    const file = join(directory, 'probe.faa');
    await writeFile(file, PROTEIN);
    const { size: bytes, mtimeMs } = await stat(file);
    const files: PlainFile[] = [{ path: file, displayPath: 'probe.faa', bytes, mtimeMs }];
    const manifest = { runId: 'doctor', settingsHash: 'doctor' };
    const init = initMessageFor(
      { ...job, paths, manifest, state: 'new' },
      files,
    )({
      rank: toRank(0),
      device,
      processes: 1,
    });
    const end = await watchWorker({ device, workerEntry, init, shard: await onlyShard(job, files), limitMs });
    return verdictOf(`smoke run on ${device.label}`, device, end);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function onlyShard({ model, byteSettings }: SmokeJob, files: readonly PlainFile[]): Promise<Shard> {
  const first = await scanFasta(await scanData(model, byteSettings, files)).next();
  if (first.done === true) throw new Error('the probe sequence made no shard');
  return first.value;
}

function verdictOf(name: string, device: DeviceSpec, end: SmokeEnd): Verdict {
  switch (end.kind) {
    case 'computed': {
      const found = `${end.deviceName}: one pack computed, ready after ${(end.startupMs / 1000).toFixed(1)} s`;
      return { finding: ok(name, found), exitCode: EXIT_CODES.complete };
    }
    case 'rejected':
      return {
        finding: fail(
          name,
          'the device computes NaN or infinite numbers',
          "Check the weights (model info), and the device with its maker's tools.",
        ),
        exitCode: EXIT_CODES.completeWithRejections,
      };
    case 'refused':
      return {
        finding: fail(name, end.error.message, remedyOn(device)),
        exitCode: stopCode(end.error.exitCode),
      };
    case 'died':
      return {
        finding: fail(name, `its process ended with ${end.how}${saidLast(end.output)}`, remedyOn(device)),
        exitCode: EXIT_CODES.stopped,
      };
    case 'late':
      return {
        finding: fail(name, `nothing came of it within ${end.limitMs / 1000} s; killed`, remedyOn(device)),
        exitCode: EXIT_CODES.stopped,
      };
    default:
      return end satisfies never;
  }
}

/** What is unexpected in a worker is tried again by a run, until it stops. */
function stopCode(exitCode: Verdict['exitCode']): Verdict['exitCode'] {
  return exitCode === EXIT_CODES.unexpected ? EXIT_CODES.stopped : exitCode;
}

function saidLast(output: readonly string[]): string {
  return output.length === 0 ? '' : `; it said: ${output.join(' / ')}`;
}

function remedyOn({ provider }: DeviceSpec): string {
  return provider === 'cuda'
    ? 'See the driver and library lines; `nvidia-smi` and `dmesg` tell of faults of the device. Or use --device cpu.'
    : 'Try another --model; if the demo model fails too, install anew (npm run setup) and report it with this text.';
}
