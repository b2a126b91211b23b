import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { resolveInputFiles, spoolInputs, type ScanSummary } from '@virnucpro/fasta';
import type { PreparedModel } from '@virnucpro/model';

import type { RunSettings } from '../config/run-options.ts';
import { resolveDevices, WORKER_OVERHEAD_BYTES } from '../devices/resolve-devices.ts';
import { bytesForRecords } from '../run/disk-room.ts';
import { refuseOtherType } from '../run/input-type.ts';
import { prepareRunModel } from '../run/prepare-run-model.ts';
import { scanData } from '../run/scan-data.ts';
import { areWeightsShared, byteSettings } from '../run/fingerprint.ts';
import { scanInput } from '../scan/scan-input.ts';
import type { ScanThreadData } from '../scan/scan-messages.ts';
import type { RunContext } from '../run/run-context.ts';
import { chooseTokenBudget } from '../run/token-budget.ts';
import { assumedGpus } from './assumed-gpus.ts';

/** What a run would do and need; nothing is computed. */
export interface RunPlan {
  readonly scan: Pick<
    ScanSummary,
    | 'records'
    | 'sequences'
    | 'residues'
    | 'tokens'
    | 'longRecords'
    | 'emptyRecords'
    | 'invalidRecords'
    | 'minResidues'
    | 'maxResidues'
  >;
  /** Residues are bases then, sequences and tokens what is expected of them. */
  readonly translated: boolean;
  /** What the input was taken for, and why, in the words of a run; null when the type was given. */
  readonly inputType: string | null;
  readonly model: { readonly name: string; readonly embeddingDim: number; readonly weightBytes: number };
  readonly devices: readonly string[];
  readonly threadsPerWorker: number;
  readonly tokenBudget: number;
  /** Where that number comes from. */
  readonly tokenBudgetReason: string;
  readonly shards: number;
  /** At least; best-fit packing rarely needs more. */
  readonly packs: number;
  /** Most that RUN_DIR takes: checkpoint logs and results side by side, just before the logs go. */
  readonly diskBytes: number;
  /** Of all workers: their weights, where they are not shared, and what a worker takes beside. */
  readonly memoryBytes: number;
}

/**
 * Reads all input as a run would, and works out what the run would take.
 *
 * @param assumedGpuBytes free memory of each GPU of another machine, on which the run would be; null: this machine
 * @throws {VirnucproError} what the run would throw before it computes: bad input, weights, devices
 */
export async function planRun(
  fasta: readonly string[],
  settings: RunSettings,
  context: RunContext,
  assumedGpuBytes: number | null = null,
): Promise<RunPlan> {
  const inputs = await resolveInputFiles(fasta);
  const model = await prepareRunModel(settings, context);
  const resolved =
    assumedGpuBytes === null
      ? await resolveDevices(settings, model.weightBytes, context)
      : assumedGpus(settings, assumedGpuBytes);
  const { devices, threadsPerWorker, memory } = resolved;
  const budget = chooseTokenBudget(settings, model, { memory, earlier: null });
  const provider = devices[0]?.provider ?? 'cpu';
  const bytes = byteSettings(settings, model, { provider, tokenBudget: budget.tokenBudget });
  const spool = await mkdtemp(join(tmpdir(), 'virnucpro-plan-'));
  try {
    const files = await spoolInputs(inputs, spool, context.stdin);
    const inputType = await refuseOtherType(files, settings);
    const { summary, packs } = await scanAll(await scanData(model, bytes, files), bytes.tokenBudget);
    return {
      scan: summary,
      translated: settings.translate,
      inputType,
      model: { name: model.name, embeddingDim: model.embeddingDim, weightBytes: model.weightBytes },
      devices: devices.map(({ label }) => label),
      threadsPerWorker,
      tokenBudget: bytes.tokenBudget,
      tokenBudgetReason: budget.explanation,
      shards: summary.shards,
      packs,
      diskBytes: bytesForRecords(summary.sequences, model.embeddingDim, bytes.dtype),
      memoryBytes: memoryOf(model, devices.length, bytes.precision),
    };
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
}

async function scanAll(
  options: ScanThreadData,
  tokenBudget: number,
): Promise<{ readonly summary: ScanSummary; readonly packs: number }> {
  const shards = scanInput(options);
  let packs = 0;
  for (;;) {
    const next = await shards.next();
    if (next.done === true) return { summary: next.value, packs };
    packs += Math.ceil(next.value.tokens / tokenBudget);
  }
}

/** Memory of this machine that the workers take, all together. */
export function memoryOf(
  model: Pick<PreparedModel, 'weightBytes'>,
  workers: number,
  precision: RunSettings['precision'],
): number {
  // Rounded weights are cast by each worker for itself.
  const copies = areWeightsShared(model) && precision === 'fp32' ? 1 : workers;
  return workers * WORKER_OVERHEAD_BYTES + copies * model.weightBytes;
}
